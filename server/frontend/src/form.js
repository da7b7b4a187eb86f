// The form of a task: shown by form-js, checked again and kept by the server.
import { Form } from '@bpmn-io/form-js-viewer';
import '@bpmn-io/form-js-viewer/dist/assets/form-js.css';
import flatpickr from 'flatpickr';
import { Mandarin } from 'flatpickr/dist/l10n/zh.js';
import './form.css';
import './attachments.css';
import { watch } from './answers.js';
import { mount as mountAttachments } from './attachments.js';
import { mount as mountDraft } from './autosave.js';
import { mount as mountComparison } from './comparison.js';
import { mount as mountFigures, sheetOf, tables, withTable } from './figures.js';
import { inEnglish } from './english.js';
import { clear, inOneLanguage, tell } from './notice.js';
import { chinese, data, headers, ready } from './page.js';
import refusals from './refusals.js';
import { finish, mount as mountTask, showResult } from './task.js';
import words from './words.js';

const task = data('task');
const host = document.getElementById('form');
const button = document.getElementById('complete');

if (chinese()) flatpickr.localize(Mandarin);
const sheet = task.schema ? await sheetOf(task.schema, task.figures) : null;
const form = task.schema ? await open(task) : null;
const draft = form && task.draft ? mountDraft(form, task.draft, task.labels) : null;
mountAttachments(task.readonly ? null : form);
if (form) mountFigures(form, sheet);
mountTask({ before: () => draft?.flush(), arrived: (part) => part.id === 'comparison' && mountComparison(form) });
button?.addEventListener('click', submit);
document.getElementById('save')?.addEventListener('click', () => draft?.flush());
ready('form');

async function open({ schema: written, values, readonly }) {
  const schema = withTable(chinese() ? written : inEnglish(written), sheet);
  const viewer = new Form({ container: host, additionalModules: [words, refusals, tables] });
  await viewer.importSchema(schema, values);
  watch(viewer, { schema, values });
  if (readonly) freeze(viewer);
  return viewer;
}

function freeze(viewer) {
  viewer.setProperty('readOnly', true);
  host.classList.add('is-frozen');
}

async function submit() {
  if (button.getAttribute('aria-disabled') === 'true') return;
  clear();
  const { data: answers, errors } = form ? form.submit() : { data: {}, errors: {} };
  if (Object.keys(errors).length) {
    firstFault();
    return;
  }
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
  const reply = await fetch(task.url, {
    method: 'POST',
    headers: { ...headers(), 'Content-Type': 'application/json' },
    body: JSON.stringify(answers),
  });
  const body = await reply.text();
  if (reply.ok) completed(JSON.parse(body));
  else refuse(body, answers);
}

function completed(reply) {
  draft?.done();
  if (form) freeze(form);
  finish();
  showResult(reply);
}

function refuse(body, answers) {
  tell(body);
  const fields = fieldsOf(body);
  if (!fields || !form) return;
  const elsewhere = form.get('refusals').show(fields, answers);
  if (elsewhere.length) tell(JSON.stringify({ detail: elsewhere.map(([path, text]) => `${path}: ${text}`).join(' ') }));
  firstFault();
}

function fieldsOf(body) {
  try {
    const { fields } = JSON.parse(body);
    if (!fields) return null;
    return Object.fromEntries(Object.entries(fields).map(([path, text]) => [path, inOneLanguage(text) || String(text)]));
  } catch {
    return null;
  }
}

function firstFault() {
  requestAnimationFrame(() => {
    const field = host.querySelector('.fjs-has-errors');
    field?.scrollIntoView({ block: 'center' });
    field?.querySelector('input, textarea, select, [tabindex]')?.focus({ preventScroll: true });
  });
}
