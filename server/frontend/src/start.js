// The form by which a case is begun: sent once, however often the button is pressed.
import { Form } from '@bpmn-io/form-js-viewer';
import '@bpmn-io/form-js-viewer/dist/assets/form-js.css';
import './form.css';
import './start.css';
import { inEnglish } from './english.js';
import { clear, tell } from './notice.js';
import { chinese, data, headers, ready } from './page.js';
import refusals from './refusals.js';
import words from './words.js';

const opening = data('opening');
const button = document.getElementById('begin');
const key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
const form = new Form({ container: document.getElementById('form'), additionalModules: [words, refusals] });

await form.importSchema(chinese() ? opening.schema : inEnglish(opening.schema), opening.values);
button.addEventListener('click', begin);
ready('form');

async function begin() {
  clear();
  const { data: answers, errors } = form.submit();
  if (Object.keys(errors).length) return;
  button.disabled = true;
  try {
    await send(answers);
  } catch {
    tell('');
  } finally {
    button.disabled = false;
  }
}

async function send(answers) {
  const organisation = document.getElementById('organisation').value;
  const reply = await fetch(opening.url, {
    method: 'POST',
    headers: { ...headers(), 'Content-Type': 'application/json', 'Idempotency-Key': key },
    body: JSON.stringify({ organisation, answers }),
  });
  const body = await reply.text();
  if (reply.ok) window.location.assign(JSON.parse(body).redirect);
  else refuse(body, answers);
}

function refuse(body, answers) {
  tell(body);
  try {
    const { fields } = JSON.parse(body);
    const language = chinese() ? 'zh' : 'en';
    const told = Object.fromEntries(Object.entries(fields).map(([path, text]) => [path, text[language]]));
    form.get('refusals').show(told, answers);
  } catch {
    // the notice above says it already
  }
}
