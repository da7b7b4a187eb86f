// Forms with many figures as one table: arrows as in a spreadsheet, blocks pasted with a plan shown first, undo, and
// questions asked while somebody types. The fields of the form stay what they are; the table writes into them.
import { h } from 'preact';
import './figures.css';
import { answersOf, lockedIn, onChange, put, refusedIn, shownIn } from './answers.js';
import { Row } from './figure.js';
import { node } from './nodes.js';
import { headers } from './page.js';
import { cellsOf, numberIn, plan } from './pasting.js';
import { Plan } from './plan.js';

const TYPE = 'icity-figures';
const MODE = 'icity-figures-mode';
const PAUSE = 700;
const FEWEST = 8;

const section = document.createElement('section');

function Place() {
  return h('div', { ref: hold });
}

// The same function every time: a new one would move the table at every keystroke, and take the focus from it.
function hold(element) {
  element?.append(section);
}
Place.config = { type: TYPE, name: TYPE, group: 'presentation', keyed: false, create: (options = {}) => options };

class Register {
  constructor(formFields) {
    formFields.register(TYPE, Place);
  }
}
Register.$inject = ['formFields'];

/** What lets a form hold the table. */
export const tables = { __init__: ['figuresTable'], figuresTable: ['type', Register] };

/** Return the figures of `schema` as the server tells of them at `url`; null where there are few, or no answer. */
export async function sheetOf(schema, url) {
  if (!url || figuresIn(schema) < FEWEST) return null;
  try {
    const reply = await fetch(url, { headers: headers() });
    return reply.status === 200 ? await reply.json() : null;
  } catch {
    return null;
  }
}

/** Return `schema` with a place for the table before its first group of figures; as it is where there are few. */
export function withTable(schema, sheet) {
  const first = schema.components?.findIndex((one) => one.type === 'group' && one.components?.some(({ type }) => type === 'number'));
  if (!sheet || first === undefined || first < 0) return schema;
  const place = { type: TYPE, id: 'icity_figures_table' };
  return { ...schema, components: schema.components.toSpliced(first, 0, place) };
}

/** Make the table of `sheet` live over `form`, which `watch` of answers.js knows; nothing happens without a sheet. */
export function mount(form, sheet) {
  if (sheet) new Table(form, sheet).begin();
}

class Table {
  constructor(form, sheet) {
    Object.assign(this, { form, sheet, texts: sheet.texts });
    this.rows = new Map();
    this.undoing = [];
    this.remarks = { questions: {}, faults: {} };
  }

  begin() {
    section.className = 'figures';
    section.setAttribute('aria-label', this.texts.title);
    section.replaceChildren(this.head(), this.body(), this.foot());
    section.addEventListener('keydown', (event) => this.pressed(event));
    section.addEventListener('paste', (event) => this.pasted(event));
    this.show(localStorage.getItem(MODE) !== 'fields');
    onChange(this.form, () => this.changed());
    this.changed();
  }

  head() {
    const modes = node('div', { className: 'btn-group no-print', role: 'group' });
    this.modes = [true, false].map((table) => {
      const label = table ? this.texts.table : this.texts.fields;
      const button = node('button', { className: 'btn btn-sm', type: 'button', textContent: label });
      button.addEventListener('click', () => this.show(table));
      return button;
    });
    modes.append(...this.modes);
    this.count = node('span', { className: 'figures-count num' });
    this.copy = action(this.texts.copy, () => this.copyTable());
    const head = node('header', { className: 'figures-head' });
    head.append(node('h3', { textContent: this.texts.title }), this.count, this.copy, modes);
    return head;
  }

  body() {
    const { texts } = this;
    this.table = node('table', { className: 'figures-table' });
    const titles = [texts.name, texts.measure, texts.before, texts.now, texts.growth];
    const row = node('tr');
    row.append(...titles.map((textContent) => Object.assign(node('th', { textContent }), { scope: 'col' })));
    const head = node('thead');
    head.append(row);
    this.table.append(head);
    this.sheet.groups.forEach((name, place) => {
      const cells = this.sheet.cells.filter(({ group }) => group === place);
      if (cells.length) this.table.append(this.group(name, cells));
    });
    return this.table;
  }

  foot() {
    this.hint = node('p', { className: 'figures-hint no-print', textContent: `${this.texts.hint} ${this.texts.keys}` });
    this.told = node('p', { className: 'figures-told no-print' });
    this.told.setAttribute('role', 'status');
    const foot = node('footer');
    foot.append(this.told, this.hint);
    return foot;
  }

  show(table) {
    localStorage.setItem(MODE, table ? 'table' : 'fields');
    document.getElementById('form').classList.toggle('is-tabled', table);
    section.classList.toggle('is-closed', !table);
    this.modes[0].setAttribute('aria-pressed', String(table));
    this.modes[1].setAttribute('aria-pressed', String(!table));
  }

  // The form may hide and lock figures while it is filled in; the table follows.
  changed() {
    const shown = shownIn(this.form);
    for (const row of this.rows.values()) row.element.hidden = !shown.has(row.cell.path);
    for (const body of this.table.tBodies) body.hidden = !body.querySelector('tr:not(.figures-group):not([hidden])');
    section.hidden = this.visible().length === 0;
    const answers = answersOf(this.form);
    const locked = lockedIn(this.form);
    const refused = refusedIn(this.form);
    for (const row of this.rows.values()) row.take(read(answers, row.cell.path), locked.has(row.cell.path), refused[row.cell.path]);
    this.tally();
    this.later();
  }

  visible() {
    return [...this.rows.values()].filter((row) => !row.element.hidden);
  }

  group(name, cells) {
    const body = node('tbody');
    const head = node('tr', { className: 'figures-group' });
    const title = node('th', { textContent: name, colSpan: 5 });
    title.setAttribute('scope', 'rowgroup');
    head.append(title);
    body.append(head);
    for (const cell of cells) {
      const row = new Row(cell, this);
      this.rows.set(cell.path, row);
      body.append(row.element);
    }
    return body;
  }

  tally() {
    const rows = this.visible();
    const all = rows.length;
    const done = rows.filter((row) => row.value !== null).length;
    const asked = rows.filter(({ cell }) => cell.path in this.remarks.questions).length;
    const parts = [this.texts.filled.replace('{done}', done).replace('{all}', all)];
    if (asked) parts.push(this.texts.asked.replace('{count}', asked));
    this.count.textContent = parts.join(' · ');
  }

  // Undo knows steps; a step is what one key, or one block, changed.
  write(changes) {
    const answers = answersOf(this.form);
    this.undoing.push(changes.map(({ path }) => ({ path, value: read(answers, path) ?? null })));
    for (const { path, value } of changes) put(this.form, path, value);
  }

  undo() {
    const step = this.undoing.pop();
    if (!step) return;
    for (const { path, value } of step) put(this.form, path, value);
    this.say(this.texts.undone);
    this.rows.get(step[0].path)?.input.focus();
  }

  say(text, button = null) {
    this.told.replaceChildren(text, ...(button ? [' ', button] : []));
  }

  pressed(event) {
    const input = event.target.closest?.('input[data-path]');
    if (!input) return;
    const row = this.rows.get(input.dataset.path);
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z' && !row.typing()) {
      event.preventDefault();
      this.undo();
      return;
    }
    if (event.key === 'Escape') row.revert();
    const step = { ArrowDown: 1, ArrowUp: -1, Enter: event.shiftKey ? -1 : 1 }[event.key];
    if (!step || event.altKey || event.isComposing) return;
    event.preventDefault();
    this.go(row, step);
  }

  go(row, step) {
    const rows = this.visible();
    const next = rows[rows.indexOf(row) + step];
    row.commit();
    if (!next) return;
    next.input.focus();
    next.input.select();
  }

  pasted(event) {
    const block = cellsOf(event.clipboardData);
    const input = event.target.closest('input[data-path]');
    if (!block) {
      if (input) this.pasteOne(event, this.rows.get(input.dataset.path));
      return;
    }
    event.preventDefault();
    const cells = this.visible().filter((row) => !row.input.readOnly).map(({ cell }) => cell);
    const start = Math.max(0, cells.findIndex(({ path }) => path === input?.dataset.path));
    const about = { cells, start, year: this.sheet.year };
    if (!plan(block, about).rows.length) {
      this.say(this.texts.nothing);
      return;
    }
    new Plan(this.texts, (column) => plan(block, { ...about, column }), this.now()).ask((changes) => this.apply(changes, input));
  }

  // A single number is pasted as what it says, whatever separators it carries.
  pasteOne(event, row) {
    const given = numberIn(event.clipboardData.getData('text/plain'));
    if (!given || Number.isNaN(given.text) || row.input.readOnly) return;
    event.preventDefault();
    row.input.value = given.text;
    row.typed();
  }

  now() {
    return Object.fromEntries([...this.rows].map(([path, row]) => [path, row.value]));
  }

  apply(changes, input) {
    this.write(changes);
    const undo = action(this.texts.undo, () => this.undo());
    this.say(this.texts.applied.replace('{count}', changes.length), undo);
    (input ?? this.rows.get(changes[0].path)?.input)?.focus();
  }

  async copyTable() {
    const head = ['', this.texts.name, this.texts.measure, this.texts.before, this.texts.now].join('\t');
    const rows = this.visible().map(({ cell, value }) => [cell.code, cell.name, cell.measure, cell.before ?? '', value ?? ''].join('\t'));
    await navigator.clipboard.writeText([head, ...rows].join('\n'));
    this.say(this.texts.copied);
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), PAUSE);
  }

  async check() {
    const answers = answersOf(this.form);
    const asked = JSON.stringify(answers);
    if (asked === this.asked) return;
    this.asked = asked;
    try {
      const reply = await fetch(this.sheet.url, { method: 'POST', headers: { ...headers(), 'Content-Type': 'application/json' }, body: asked });
      if (reply.ok && asked === this.asked) this.remark(await reply.json());
    } catch {
      this.asked = null;
      this.say(this.texts.offline);
    }
  }

  remark(remarks) {
    this.remarks = remarks;
    for (const row of this.rows.values()) row.remark(remarks.questions[row.cell.path] ?? [], remarks.faults[row.cell.path]);
    this.tally();
  }
}

function figuresIn(schema) {
  const groups = (schema.components ?? []).filter(({ type }) => type === 'group');
  return groups.flatMap(({ components }) => components ?? []).filter(({ type }) => type === 'number').length;
}

function action(label, act) {
  const button = node('button', { className: 'btn btn-sm no-print', type: 'button', textContent: label });
  button.addEventListener('click', act);
  return button;
}

function read(answers, path) {
  return path.split('.').reduce((value, key) => value?.[key], answers) ?? null;
}
