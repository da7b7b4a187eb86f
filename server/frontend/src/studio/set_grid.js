// A grid of cells as a spreadsheet has them: arrows move, typing edits, a block of cells can be pasted.
import { cellsOf } from '../pasting.js';
import { node } from '../nodes.js';
import { tell } from './set_phrases.js';

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * Show rows in `host` and let them be edited; `columns` are {key, title, options}. Calls `changed(cells)` with
 * [{row, key, value}] for the caller to put into the rows, and `moved(row)` when another row is chosen.
 */
export class Grid {
  constructor(host, { label, columns, readonly, changed, moved }) {
    Object.assign(this, { columns, readonly, changed, moved });
    this.at = [0, 0];
    this.table = node('table', { className: 'grid' });
    this.table.setAttribute('role', 'grid');
    this.table.setAttribute('aria-label', label);
    const head = this.table.createTHead().insertRow();
    head.append(node('th', { scope: 'col', textContent: tell('row') }));
    head.append(...columns.map(({ title }) => node('th', { scope: 'col', textContent: title })));
    this.body = this.table.createTBody();
    this.table.addEventListener('focusin', (event) => this.chosen(event.target));
    this.table.addEventListener('dblclick', (event) => this.edit(event.target.closest('td')));
    this.table.addEventListener('keydown', (event) => this.key(event));
    this.table.addEventListener('paste', (event) => this.paste(event));
    host.append(this.table);
  }

  /** Show rows (lists of texts by column key) again; the chosen cell stays chosen. */
  show(rows, focus = false) {
    this.rows = rows;
    this.body.replaceChildren(...rows.map((row, place) => this.line(row, place)));
    this.at = [Math.min(this.at[0], Math.max(rows.length - 1, 0)), this.at[1]];
    const cell = this.cell(...this.at);
    if (cell) cell.tabIndex = 0;
    if (focus) cell?.focus();
  }

  /** Mark cells: `marks` are {row, key, severity, text}; without a key the whole row is marked. */
  mark(marks) {
    for (const cell of this.table.querySelectorAll('[data-finding]')) {
      delete cell.dataset.finding;
      cell.removeAttribute('title');
    }
    for (const { row, key, severity, text } of marks) {
      const column = this.columns.findIndex((one) => one.key === key);
      const cell = column < 0 ? this.body.rows[row]?.cells[0] : this.cell(row, column);
      if (!cell) continue;
      cell.dataset.finding = severity;
      cell.title = [cell.title, text].filter(Boolean).join('\n');
    }
  }

  /** Choose a cell by row and column key. */
  choose(row, key) {
    const column = Math.max(0, this.columns.findIndex((one) => one.key === key));
    this.go(row, column);
  }

  line(row, place) {
    const line = node('tr', {});
    line.append(node('th', { scope: 'row', textContent: String(place + 1) }));
    line.append(...this.columns.map((column) => this.box(row, column)));
    return line;
  }

  box(row, { key, options }) {
    const value = row[key] ?? '';
    const cell = node('td', { tabIndex: -1, textContent: options?.[value] ?? value });
    cell.setAttribute('role', 'gridcell');
    return cell;
  }

  cell(row, column) {
    return this.body.rows[row]?.cells[column + 1];
  }

  chosen(target) {
    const cell = target.closest?.('td');
    if (!cell || cell.querySelector('input, select')) return;
    const before = this.cell(...this.at);
    if (before) before.tabIndex = -1;
    this.at = [cell.parentNode.rowIndex - 1, cell.cellIndex - 1];
    cell.tabIndex = 0;
    this.moved?.(this.at[0]);
  }

  go(row, column) {
    const [last, widest] = [this.rows.length - 1, this.columns.length - 1];
    this.cell(Math.min(Math.max(row, 0), last), Math.min(Math.max(column, 0), widest))?.focus();
  }

  key(event) {
    if (event.target.matches('input, select')) return;
    const [row, column] = this.at;
    const move = MOVES[event.key];
    if (move) this.go(row + move[0], column + move[1]);
    else if (event.key === 'Home') this.go(row, 0);
    else if (event.key === 'End') this.go(row, this.columns.length - 1);
    else if (event.key === 'Enter' || event.key === 'F2') this.edit(this.cell(row, column));
    else if (event.key === 'Delete' || event.key === 'Backspace') this.put(row, column, '');
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) this.edit(this.cell(row, column), event.key);
    else return;
    event.preventDefault();
  }

  /** Edit a cell; `typed` is the sign that began it, in place of what stood there. */
  edit(cell, typed = null) {
    if (this.readonly || !cell || cell.querySelector('input, select')) return;
    const [row, column] = [cell.parentNode.rowIndex - 1, cell.cellIndex - 1];
    const { key, title, options } = this.columns[column];
    const field = options ? chooser(options) : node('input', { autocomplete: 'off' });
    field.value = options || typed === null ? this.rows[row][key] ?? '' : typed;
    field.setAttribute('aria-label', title);
    let over = false;
    const end = (keep, by = [0, 0]) => {
      if (over) return;
      over = true;
      const value = field.value;
      if (keep && value !== (this.rows[row][key] ?? '')) this.changed([{ row, key, value }]);
      else this.show(this.rows);
      if (by) this.go(row + by[0], column + by[1]);
    };
    field.addEventListener('keydown', (event) => {
      const by = { Enter: [1, 0], Tab: [0, event.shiftKey ? -1 : 1], Escape: [0, 0] }[event.key];
      if (!by || event.isComposing) return;
      event.preventDefault();
      end(event.key !== 'Escape', by);
    });
    field.addEventListener('blur', () => end(true, null));
    cell.replaceChildren(field);
    field.focus();
    if (typed === null) field.select?.(); // what is typed now takes the place of what stood there
  }

  put(row, column, value) {
    if (this.readonly || !this.rows[row]) return;
    this.changed([{ row, key: this.columns[column].key, value }]);
    this.go(row, column);
  }

  paste(event) {
    if (this.readonly || event.target.matches('input')) return;
    event.preventDefault();
    const text = event.clipboardData.getData('text/plain').trim();
    const block = cellsOf(event.clipboardData) ?? [[text]];
    const [row, column] = this.at;
    const cells = block.flatMap((line, down) =>
      line.map((said, right) => ({ row: row + down, key: this.columns[column + right]?.key, value: this.code(column + right, said) })),
    );
    this.changed(cells.filter((one) => one.key && one.row < this.rows.length));
    this.go(row, column);
  }

  /** Return what a pasted text means in a column: the code of a word that people read there, else the text. */
  code(column, text) {
    const options = Object.entries(this.columns[column]?.options ?? {});
    return options.find(([, label]) => label === text.trim())?.[0] ?? text.trim();
  }
}

function chooser(options) {
  const select = node('select', {});
  select.append(node('option', { value: '', textContent: '' }));
  select.append(...Object.entries(options).map(([value, textContent]) => node('option', { value, textContent })));
  return select;
}
