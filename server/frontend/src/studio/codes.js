// Names of organisations and roles beside their codes in the cells of a decision table, and a list to pick them from.
import { node } from '../nodes.js';
import { tell } from './decision_phrases.js';

const QUOTED = /^"([^"]+)"$/;
const NAMES = new Set(['name', '名称', '部门名称', '单位名称']);

/** Write the name of its code beside every cell of `host` that holds one. */
export function nameCells(host, names) {
  for (const cell of host.querySelectorAll('td[data-col-id]')) {
    const code = QUOTED.exec(cell.textContent.trim())?.[1];
    const name = names.get(code);
    if (name && name !== code) cell.dataset.told = name;
    else delete cell.dataset.told;
  }
}

/** Return the columns of the open table that hold codes: some cell names one. */
export function codeColumns(sheet, names) {
  const { rows, cols } = sheet.getRoot();
  const holds = (index) => rows.some((row) => names.has(QUOTED.exec(textOf(row.cells[index]))?.[1]));
  return cols.map((_, index) => index).filter(holds);
}

/** Return a list to pick a code from, with buttons to add a row with it and to put it into the chosen cell. */
export function picker(names, { addRow, fillCell }) {
  const bar = node('div', { className: 'codes', hidden: true });
  const list = node('input', { className: 'codes-pick', placeholder: tell('pick'), autocomplete: 'off' });
  list.setAttribute('list', 'codes-known');
  list.setAttribute('aria-label', tell('pick'));
  const known = node('datalist', { id: 'codes-known' });
  known.append(...[...names].map(([code, name]) => node('option', { value: `${name}（${code}）` })));
  const chosen = () => /（([^（）]+)）$/.exec(list.value)?.[1] ?? (names.has(list.value) ? list.value : null);
  bar.append(list, known, button('addRow', () => chosen() && addRow(chosen())), button('fillCell', () => chosen() && fillCell(chosen())));
  return bar;
}

/** Add a rule for `code`: its code and, where the table has one, its name; conditions stay open. */
export function addRule(viewer, code, names) {
  const sheet = viewer.get('sheet');
  const [column] = codeColumns(sheet, names);
  const row = viewer.get('modeling').addRow({ type: 'dmn:DecisionRule' });
  sheet.getRoot().cols.forEach((col, index) => {
    const cell = row.cells[index];
    if (index === column) write(viewer, cell, code);
    else if (NAMES.has(col.businessObject?.name) || NAMES.has(col.businessObject?.label)) write(viewer, cell, names.get(code));
  });
}

/** Put a text, quoted, into a cell. */
export function write(viewer, cell, text) {
  viewer.get('modeling').editCell(cell.businessObject, `"${text}"`);
}

function textOf(cell) {
  return (cell?.businessObject?.text ?? '').trim();
}

function button(key, act) {
  const made = node('button', { type: 'button', className: 'bench-button', textContent: tell(key) });
  made.addEventListener('click', act);
  return made;
}
