// The row in which a decision is tried: typed values go to the server, the rules that fire and the answer come back.
import { node } from '../nodes.js';
import { tell } from './trial_phrases.js';

const LOGICAL = new Set(['boolean']);

/** The panel of trials for one decision at a time; `ask(given)` asks the server, `fired(ids)` marks rules. */
export class Trial {
  constructor(host, { ask, fired, numbers }) {
    Object.assign(this, { ask, fired, numbers });
    this.typed = {};
    this.form = node('form', { className: 'trial-form' });
    this.outcome = node('div', { className: 'trial-outcome' });
    this.outcome.setAttribute('role', 'status');
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.run();
    });
    host.append(node('p', { className: 'trial-told', textContent: tell('tryTold') }), this.form, this.outcome);
  }

  /** Show the fields of a decision, with what was typed for them before. */
  show(decision) {
    const asked = JSON.stringify(decision?.asks ?? null);
    if (this.asked === asked && this.decision?.id === decision?.id) return; // what was answered stays
    this.asked = asked;
    this.decision = decision;
    this.outcome.replaceChildren();
    if (!decision) {
      this.form.replaceChildren(node('p', { textContent: tell('nothing') }));
      return;
    }
    const typed = (this.typed[decision.id] ??= {});
    const run = node('button', { type: 'submit', className: 'bench-button', textContent: tell('run') });
    this.form.replaceChildren(...decision.asks.map((asked, place) => this.field(asked, typed, place)), run);
  }

  field(asked, typed, place) {
    const label = node('label', {});
    const input = LOGICAL.has(asked.kind) ? choice() : node('input', { placeholder: tell('anything'), autocomplete: 'off' });
    input.value = typed[asked.name] ?? '';
    input.name = asked.name;
    input.addEventListener('input', () => (typed[asked.name] = input.value));
    label.append(node('span', { textContent: asked.label }), input);
    if (asked.options.length) {
      const list = node('datalist', { id: `trial-options-${place}` });
      list.append(...asked.options.map((value) => node('option', { value })));
      input.setAttribute('list', list.id);
      label.append(list);
    }
    return label;
  }

  async run() {
    const given = { [this.decision.id]: this.typed[this.decision.id] };
    const told = await this.ask(given);
    const found = told?.decisions.find((one) => one.id === this.decision.id);
    const fault = told ? told.fault || found?.fault : tell('failed');
    this.fired(found?.fired ?? []);
    const line = node('p', { className: fault ? 'is-error' : '' });
    const rules = this.numbers(found?.fired ?? []).map((number) => tell('rule', { number })).join('、');
    line.textContent = fault || (rules ? tell('fired', { rules }) : tell('none'));
    this.outcome.replaceChildren(line, ...(found && !fault ? [answered(found.answer, found.outputs)] : []));
  }
}

function choice() {
  const select = node('select', {});
  select.append(...[['', '—'], ['true', tell('yes')], ['false', tell('no')]].map(([value, textContent]) => node('option', { value, textContent })));
  return select;
}

function answered(value, labels) {
  const rows = Array.isArray(value) ? value : [value];
  if (!rows.length || value === null) return node('p', { textContent: tell('noAnswer') });
  const named = rows.every((row) => row && typeof row === 'object' && !Array.isArray(row));
  if (!named) return node('p', { className: 'trial-answer', textContent: `${tell('answer')}：${rows.map(spoken).join('、')}` });
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const table = node('table', { className: 'trial-answer' });
  const head = table.createTHead().insertRow();
  head.append(...names.map((name) => node('th', { scope: 'col', textContent: labels[name] ?? name })));
  const body = table.createTBody();
  for (const row of rows) body.insertRow().append(...names.map((name) => node('td', { textContent: spoken(row[name]) })));
  return table;
}

function spoken(value) {
  if (value === null || value === undefined) return '—';
  if (typeof value === 'boolean') return tell(value ? 'yes' : 'no');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
