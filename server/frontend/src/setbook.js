// The editor of indicator sets: a spreadsheet of indicators, the sums of their weights, and past rounds tried by them.
import './setbook.css';
import { node } from './nodes.js';
import { chinese, data, ready } from './page.js';
import { clearTrouble, mountBench, showTrouble } from './studio/bench.js';
import { differing } from './studio/doors.js';
import { Draft } from './studio/draft.js';
import { Grid } from './studio/set_grid.js';
import { mountRescore } from './studio/rescore.js';
import { tell } from './studio/set_phrases.js';
import { readTable, writeTable } from './studio/table_text.js';

const { sheets, titles, words, columns } = data('set-columns');
const PARTS = { set: ['kindSet', sheets[0]], indicators: ['kindIndicators', sheets[1]], input: ['kindInputs', sheets[2]] };
const SAME = ['set', 'group_code', 'group_name', 'direction', 'kind', 'is_gate', 'missing'];
const MOST_STEPS = 200;

const draft = new Draft();
const tools = Object.fromEntries(['undo', 'redo', 'add', 'duplicate', 'remove', 'up', 'down'].map((id) => [id, document.getElementById(id)]));
const [choose, weights, host] = ['set-choice', 'weights', 'set-grids'].map((id) => document.getElementById(id));
let head = columns;
let rows = [];
let findings = [];
let grids = {};
let current = ['indicators', 0];
const [past, future] = [[], []];

mountBench(draft, { pick: ({ element, rule }) => show(element, rule), compare: differing(draft) });
draft.on('taken', open);
draft.on('findings', (found) => {
  findings = (found ?? []).filter((one) => one.file === draft.path);
  mark();
});
for (const [id, act] of Object.entries({ undo: () => step(past, future), redo: () => step(future, past), add, duplicate, remove, up: () => shift(-1), down: () => shift(1) })) {
  tools[id].addEventListener('click', act);
  tools[id].hidden = draft.readonly;
}
document.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.target.matches('input, select')) return;
  const act = { z: () => (event.shiftKey ? step(future, past) : step(past, future)), y: () => step(future, past) }[event.key.toLowerCase()];
  if (act) event.preventDefault();
  act?.();
});
choose.addEventListener('change', draw);
open(await draft.load());
const rescore = document.getElementById('rescore');
rescore.addEventListener('toggle', () => {
  const url = `${draft.info.raw.split('/raw/')[0]}/rescore`;
  if (rescore.open) mountRescore(rescore.lastElementChild, url, { path: draft.path, content });
});
rescore.hidden = !draft.info.revision;
ready('setbook');

function open(text) {
  try {
    const [first, ...rest] = readTable(text);
    if (!first?.includes('set') || rest.some((row) => row.length !== first.length)) throw new Error('columns');
    head = [...first, ...columns.filter((column) => !first.includes(column))];
    rows = rest.map((row) => Object.fromEntries(head.map((column, place) => [column, row[place] ?? ''])));
    clearTrouble();
  } catch {
    rows = [];
    showTrouble(tell('unreadable'));
  }
  past.length = future.length = 0;
  draw();
}

function content() {
  return writeTable([head, ...rows.map((row) => head.map((column) => row[column] ?? ''))]);
}

function part(row) {
  return row.kind === 'set' || row.kind === 'input' ? row.kind : 'indicators';
}

function shown(name) {
  return rows.filter((row) => row.set === choose.value && part(row) === name);
}

/** Show the chosen set: a grid for what it is, one for its indicators, one for its figures. */
function draw() {
  const codes = [...new Set(rows.map((row) => row.set))];
  const chosen = codes.includes(choose.value) ? choose.value : codes.at(-1);
  choose.replaceChildren(...codes.map((value) => node('option', { value, textContent: nameOf(value), selected: value === chosen })));
  host.replaceChildren();
  grids = {};
  for (const [name, [title, keys]] of Object.entries(PARTS)) {
    const section = node('section', { className: 'set-part' });
    const wide = node('div', { className: 'set-wide' });
    section.append(node('h2', { textContent: tell(title) }), wide);
    const told = keys.map((key) => ({ key, title: titles[key][chinese() ? 0 : 1], options: optionsOf(key) }));
    grids[name] = new Grid(wide, { label: tell(title), columns: told, readonly: draft.readonly, changed: (cells) => put(name, cells), moved: (row) => (current = [name, row]) });
    host.append(section);
  }
  fill();
}

function fill(focus = false) {
  for (const [name, grid] of Object.entries(grids)) grid.show(shown(name), focus && name === current[0]);
  [tools.undo.disabled, tools.redo.disabled] = [!past.length, !future.length];
  sum();
  mark();
}

function nameOf(code) {
  const about = rows.find((row) => row.set === code && row.kind === 'set');
  return about?.name ? `${code} ${about.name}` : code;
}

function optionsOf(key) {
  const known = words[key];
  if (!known) return undefined;
  const left = Object.entries(known).filter(([value]) => key !== 'kind' || !['set', 'input'].includes(value));
  return Object.fromEntries(left.map(([value, told]) => [value, told[chinese() ? 0 : 1]]));
}

/** Keep what stood before, change the rows, save and show them. */
function change(act, focus = false) {
  past.push(JSON.stringify(rows));
  if (past.length > MOST_STEPS) past.shift();
  future.length = 0;
  act();
  draft.changed(content);
  fill(focus);
}

function step(from, to) {
  if (!from.length) return;
  to.push(JSON.stringify(rows));
  rows = JSON.parse(from.pop());
  draft.changed(content);
  draw();
}

function put(name, cells) {
  const known = shown(name);
  const renamed = cells.some(({ key }) => key === 'set' || key === 'name');
  change(() => {
    for (const { row, key, value } of cells) {
      if (key !== 'set') known[row][key] = value;
      else if (value) for (const one of rows.filter((other) => other.set === known[row].set)) one.set = value;
    }
  });
  if (!renamed) return;
  const [set] = known.map((row) => row.set);
  choose.replaceChildren(...[...new Set(rows.map((row) => row.set))].map((value) => node('option', { value, textContent: nameOf(value), selected: value === set })));
  fill();
}

function chosenRow() {
  return shown(current[0])[current[1]];
}

function add() {
  const near = chosenRow() ?? rows.findLast((row) => row.set === choose.value);
  if (!near) return;
  const fresh = Object.fromEntries(head.map((column) => [column, SAME.includes(column) ? near[column] : '']));
  if (current[0] === 'set') [current, fresh.kind] = [['indicators', shown('indicators').length], 'quant'];
  insert(near, fresh);
}

function duplicate() {
  const near = chosenRow();
  if (near && current[0] !== 'set') insert(near, { ...near });
}

function insert(near, fresh) {
  change(() => rows.splice(rows.indexOf(near) + 1, 0, fresh));
  current = [part(fresh), shown(part(fresh)).indexOf(fresh)];
  grids[current[0]].choose(current[1], 'code');
}

function remove() {
  const near = chosenRow();
  if (near && current[0] !== 'set') change(() => rows.splice(rows.indexOf(near), 1), true);
}

function shift(by) {
  const known = shown(current[0]);
  const [one, other] = [known[current[1]], known[current[1] + by]];
  if (!one || !other) return;
  change(() => {
    const [a, b] = [rows.indexOf(one), rows.indexOf(other)];
    [rows[a], rows[b]] = [other, one];
  });
  grids[current[0]].choose(current[1] + by, 'code');
}

/** Show what the weights add up to, group by group. */
function sum() {
  const groups = new Map();
  for (const row of shown('indicators')) groups.set(row.group_name, (groups.get(row.group_name) ?? 0) + Number(row.weight || 0));
  const told = (number) => (Number.isFinite(number) ? String(Math.round(number * 1e6) / 1e6) : '—');
  const all = [...groups.values()].reduce((one, other) => one + other, 0);
  const parts = [...groups].map(([name, number]) => node('span', { textContent: tell('group', { name, sum: told(number) }) }));
  const total = node('strong', { textContent: tell('total', { sum: told(all) }), className: told(all) === '100' ? 'is-good' : 'is-error' });
  weights.replaceChildren(node('span', { textContent: tell('weights') }), total, ...parts);
}

function mark() {
  for (const [name, grid] of Object.entries(grids)) {
    const known = shown(name);
    const found = findings.flatMap(({ element, rule, severity, text }) => {
      const row = known.findIndex((one) => one.code === element || (!one.code && one.set === element));
      return row < 0 ? [] : [{ row, key: rule, severity, text }];
    });
    grid.mark(found);
  }
}

/** Show the cell of a finding, in whichever set its row stands. */
function show(element, key) {
  const row = rows.find((one) => one.code === element && one.set === choose.value) ?? rows.find((one) => one.code === element || one.set === element);
  if (!row) return;
  if (row.set !== choose.value) {
    choose.value = row.set;
    draw();
  }
  grids[part(row)].choose(shown(part(row)).indexOf(row), key);
}
