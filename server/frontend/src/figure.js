// One row of the table of figures.
import { put } from './answers.js';
import { node } from './nodes.js';
import { numberIn } from './pasting.js';

/** One figure: its name, last year's value, the cell to type into, and what is asked about it. */
export class Row {
  constructor(cell, table) {
    Object.assign(this, { cell, table, value: null, questions: [], fault: '', refused: '' });
    this.element = node('tr');
    this.input = node('input', { className: 'form-control', type: 'text', inputMode: 'decimal', autocomplete: 'off' });
    Object.assign(this.input.dataset, { path: cell.path });
    const id = `figure-${cell.code}`;
    this.input.setAttribute('aria-label', [cell.name, cell.measure].filter(Boolean).join(' '));
    this.input.setAttribute('aria-describedby', id);
    this.remarks = node('ul', { className: 'figures-remarks', id });
    this.change = node('td', { className: 'num figures-change' });
    this.element.append(this.title(), this.plain(cell.measure, this.table.texts.measure), this.last(), this.typing_(), this.change);
    this.change.dataset.label = this.table.texts.growth;
    this.input.addEventListener('focus', () => (this.began = this.value));
    this.input.addEventListener('input', () => this.typed());
    this.input.addEventListener('change', () => this.commit());
  }

  title() {
    const head = node('th');
    head.setAttribute('scope', 'row');
    head.append(this.cell.name, node('small', { textContent: this.cell.note }), this.remarks);
    return head;
  }

  plain(textContent, label) {
    const cell = node('td', { textContent });
    cell.dataset.label = label;
    return cell;
  }

  last() {
    const cell = this.plain(grouped(this.cell.before) || '—', this.table.texts.before);
    cell.className = 'num';
    return cell;
  }

  typing_() {
    const cell = node('td', { className: 'figures-cell' });
    cell.append(this.input);
    return cell;
  }

  // What the form holds now; what somebody is just typing stays as they type it.
  take(value, locked, refused) {
    this.value = value ?? null;
    this.input.readOnly = locked;
    this.refused = refused ?? '';
    const given = numberIn(this.input.value);
    const shown = given && !Number.isNaN(given.text) ? Number(given.text) : null;
    const wrong = given && Number.isNaN(given.text);
    if (shown !== this.value && !(wrong && document.activeElement === this.input)) this.input.value = this.value === null ? '' : plainText(this.value);
    this.change.textContent = growth(this.cell.before, this.value);
    this.tell();
  }

  typing() {
    return this.input.value !== (this.value === null ? '' : plainText(this.value));
  }

  typed() {
    const given = numberIn(this.input.value);
    this.wrong = Boolean(given && Number.isNaN(given.text));
    this.tell();
    if (this.wrong) return;
    const value = given ? Number(given.text) : null;
    if (value !== this.value) put(this.table.form, this.cell.path, value);
  }

  commit() {
    const given = numberIn(this.input.value);
    if (given && Number.isNaN(given.text)) return;
    if ((this.began ?? null) !== this.value) this.table.undoing.push([{ path: this.cell.path, value: this.began ?? null }]);
    this.began = this.value;
    this.input.value = given ? given.text : '';
  }

  revert() {
    put(this.table.form, this.cell.path, this.began ?? null);
    this.input.value = this.began === null || this.began === undefined ? '' : plainText(this.began);
    this.wrong = false;
    this.tell();
  }

  remark(questions, fault) {
    this.questions = questions;
    this.fault = fault ?? '';
    this.tell();
  }

  tell() {
    const { texts } = this.table;
    const bad = this.wrong ? texts.no_number : this.fault || this.refused;
    const lines = bad ? [['is-fault', texts.fault, bad]] : this.questions.map((text) => ['is-question', texts.question, text]);
    this.remarks.replaceChildren(...lines.map(([className, before, text]) => remark(className, before, text)));
    this.element.classList.toggle('fjs-has-errors', Boolean(bad));
    this.element.classList.toggle('is-asked', !bad && this.questions.length > 0);
    this.input.setAttribute('aria-invalid', String(Boolean(bad)));
  }
}

function remark(className, before, text) {
  const line = node('li', { className });
  line.append(node('strong', { textContent: before }), ` ${text}`);
  return line;
}

function growth(before, now) {
  if (before === null || now === null || Number(before) === 0) return '';
  const rate = (now / Number(before) - 1) * 100;
  return `${rate > 0 ? '＋' : rate < 0 ? '－' : ''}${Math.abs(rate).toFixed(1)}%`;
}

function grouped(text) {
  if (text === null) return '';
  const [whole, part] = String(text).split('.');
  const parted = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return part ? `${parted}.${part}` : parted;
}

function plainText(value) {
  return numberIn(String(value))?.text ?? '';
}
