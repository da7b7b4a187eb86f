// A form as those see it who fill it in, and as others do: with sample data, and with what the server says to answers.
import { Form } from '@bpmn-io/form-js-viewer';
import flatpickr from 'flatpickr';
import { Mandarin } from 'flatpickr/dist/l10n/zh.js';
import { inEnglish } from '../english.js';
import { node } from '../nodes.js';
import { chinese } from '../page.js';
import words from '../words.js';
import { post } from './doors.js';
import { tell } from './form_phrases.js';

const typed = {};
let form = null;

if (chinese()) flatpickr.localize(Mandarin);

/** Show `content`, a form, in `host`: whom to see it as, the facts it uses, the form, and a trial of submitting it. */
export async function showPreview(host, draft, content) {
  const door = draft.info.revision ? `${draft.info.raw.split('/raw/')[0]}/fill` : null;
  const ask = (more) => (door ? post(door, { path: draft.path, content, ...more }) : null);
  const told = (await ask({})) ?? { seats: [], facts: [] };
  const side = node('div', { className: 'preview-side' });
  const stage = node('div', { className: 'preview-form', id: 'preview-form' });
  const outcome = node('div', { className: 'preview-outcome' });
  outcome.setAttribute('role', 'status');
  const viewer = seats(told.seats);
  const show = () => draw(stage, content, viewer.value === 'reads');
  viewer.addEventListener('change', show);
  side.append(labelled(tell('as'), viewer), samples(told.facts, show));
  if (door) side.append(button('submitSample', () => submit(outcome, ask)));
  side.append(outcome);
  host.replaceChildren(side, stage);
  await show();
}

function seats(known) {
  const select = node('select', { id: 'preview-as' });
  const filling = known.map(({ task, role }, place) => node('option', { value: String(place), textContent: tell('fillsIn', { role, task }) }));
  const nobody = node('option', { value: 'nobody', textContent: tell('nobody') });
  select.append(...(filling.length ? filling : [nobody]), node('option', { value: 'reads', textContent: tell('onlyReads') }));
  return select;
}

function samples(facts, show) {
  const set = node('fieldset', { className: 'preview-sample' });
  set.append(node('legend', { textContent: tell('sample') }));
  set.append(node('p', { textContent: tell(facts.length ? 'sampleTold' : 'noSample') }));
  for (const name of facts) {
    const input = node('input', { value: typed[name] ?? '', autocomplete: 'off' });
    input.addEventListener('input', () => (typed[name] = input.value));
    input.addEventListener('change', show);
    set.append(labelled(name, input));
  }
  if (facts.length) set.append(button('showForm', show));
  return set;
}

/** Return the facts as they were typed: numbers, true and lists as JSON has them, anything else as a text. */
function data() {
  const found = {};
  for (const [path, text] of Object.entries(typed)) {
    if (!text.trim()) continue;
    const names = path.split('.');
    const last = names.pop();
    const inner = names.reduce((above, name) => (above[name] = typeof above[name] === 'object' ? above[name] : {}), found);
    inner[last] = valueOf(text);
  }
  return found;
}

function valueOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function draw(stage, content, reading) {
  form?.destroy();
  try {
    const schema = JSON.parse(content);
    form = new Form({ container: stage, additionalModules: [words] });
    await form.importSchema(chinese() ? schema : inEnglish(schema), data());
    if (reading) form.setProperty('readOnly', true);
  } catch {
    form = null;
    stage.replaceChildren(node('p', { className: 'is-error', textContent: tell('unreadable') }));
  }
}

async function submit(outcome, ask) {
  if (!form) return;
  const { data: answers } = form.submit();
  const told = await ask({ data: data(), answers });
  const faults = Object.entries(told?.faults ?? {}).map(([path, text]) => [path, text]);
  const taken = Object.entries(told?.taken ?? {});
  const head = told ? told.fault || tell(faults.length ? 'faults' : 'taken') : tell('failed');
  const rows = (faults.length ? faults : taken).map(([name, value]) => node('li', { textContent: `${labelOf(name)}：${spoken(value)}` }));
  const list = node('ul', {});
  list.append(...rows);
  outcome.replaceChildren(node('p', { textContent: head, className: faults.length ? 'is-error' : '' }), list);
}

function labelOf(path) {
  const field = form.get('formFieldRegistry').getAll().find((one) => one.key === path || one.path === path);
  return field?.label || field?.dateLabel || path;
}

function spoken(value) {
  if (value === null || value === '') return tell('nothingTaken');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function labelled(text, control) {
  const label = node('label', {});
  label.append(node('span', { textContent: text }), control);
  return label;
}

function button(key, act) {
  const made = node('button', { type: 'button', className: 'bench-button', textContent: tell(key) });
  made.addEventListener('click', act);
  return made;
}
