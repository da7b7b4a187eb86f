// The editor of decisions: tables with names beside codes, a row to try them, and what the check finds at its rule.
import DmnModeler from 'dmn-js/lib/Modeler';
import 'dmn-js/dist/assets/diagram-js.css';
import 'dmn-js/dist/assets/dmn-js-shared.css';
import 'dmn-js/dist/assets/dmn-js-drd.css';
import 'dmn-js/dist/assets/dmn-js-decision-table.css';
import 'dmn-js/dist/assets/dmn-js-decision-table-controls.css';
import 'dmn-js/dist/assets/dmn-js-literal-expression.css';
import 'dmn-js/dist/assets/dmn-js-boxed-expression.css';
import 'dmn-js/dist/assets/dmn-js-boxed-expression-controls.css';
import 'dmn-js/dist/assets/dmn-font/css/dmn.css';
import './studio/decision.css';
import { ready } from './page.js';
import { node } from './nodes.js';
import { addRule, codeColumns, nameCells, picker, write } from './studio/codes.js';
import words from './studio/decision_words.js';
import { clearTrouble, mountBench, showTrouble } from './studio/bench.js';
import { differing, post } from './studio/doors.js';
import { Draft } from './studio/draft.js';
import { tell } from './studio/decision_phrases.js';
import { showNotes, withNotes } from './studio/notes.js';

const VIEWS = ['drd', 'decisionTable', 'literalExpression', 'boxedExpression'];
const host = document.getElementById('dmn');
const views = document.getElementById('views');
const draft = new Draft();
const [door] = draft.info.raw.split('/raw/');
const Dmn = draft.readonly ? (await import('dmn-js/lib/NavigatedViewer')).default : DmnModeler;
const additions = Object.fromEntries(VIEWS.map((view) => [view, { additionalModules: [words] }]));
const modeler = new Dmn({ container: host, ...additions });
const [undo, redo] = ['undo', 'redo'].map((action) => document.getElementById(action));
const names = new Map();
let findings = [];
let fired = [];
let decisions = [];

const codes = picker(names, { addRow: (code) => addRule(active(), code, names), fillCell: (code) => fillCell(code) });
const bench = document.querySelector('.trial');
let trial = null;

mountBench(draft, { pick: show, compare: differing(draft) });
draft.on('findings', (found) => {
  findings = (found ?? []).filter((one) => one.file === draft.path);
  annotate();
});
draft.on('taken', open);
modeler.on('viewer.created', ({ viewer }) => viewer.on('commandStack.changed', edited));
modeler.on('views.changed', () => {
  listViews();
  decorate();
});
for (const [button, action] of [[undo, 'undo'], [redo, 'redo']]) {
  button.addEventListener('click', () => active().get('commandStack')[action]());
  button.hidden = draft.readonly;
}
bench.addEventListener('toggle', beginTrial, { once: true });
if (!draft.readonly) host.before(codes);
new MutationObserver(soon).observe(host, { childList: true, subtree: true, characterData: true });

await open(await draft.load());
ready('decision');

// Other tools still write DMN 1.1 and 1.2; what is saved here is 1.3.
async function ofToday(content) {
  if (!/DMN\/(20151101\/dmn\.xsd|20180521\/MODEL)/.test(content)) return content;
  return (await import('@bpmn-io/dmn-migrate')).migrateDiagram(content);
}

async function open(content) {
  try {
    await modeler.importXML(await ofToday(content), { open: false });
    showNotes(modeler.getDefinitions());
    const known = modeler.getViews();
    const first = known.filter((view) => view.type !== 'drd');
    await modeler.open(first.length === 1 ? first[0] : known[0] ?? first[0]);
    clearTrouble();
  } catch {
    showTrouble(tell('unreadable'));
  }
  await learn(content, true);
}

function active() {
  return modeler.getActiveViewer();
}

async function saved() {
  return withNotes(modeler.getDefinitions(), async () => (await modeler.saveXML({ format: true })).xml);
}

function edited() {
  const stack = active()?.get('commandStack');
  if (!stack) return;
  [undo.disabled, redo.disabled] = [!stack.canUndo(), !stack.canRedo()];
  if (draft.readonly || stack._stackIdx === undefined) return;
  draft.changed(saved);
  fired = [];
  clearTimeout(edited.timer);
  edited.timer = setTimeout(async () => learn(await saved()), 800);
}

/** Ask the server what the decisions of the file read, and once what codes are called. */
async function learn(content, first = false) {
  const told = draft.info.revision && (await post(`${door}/decide`, { path: draft.path, content, codes: first }));
  if (!told) return;
  for (const { code, name } of told.codes) names.set(code, name);
  if (first) codes.querySelector('datalist').append(...[...names].map(([code, name]) => node('option', { value: `${name}（${code}）` })));
  decisions = told.decisions;
  decorate();
}

async function ask(given) {
  return post(`${door}/decide`, { path: draft.path, content: await saved(), given });
}

/** Fetch what tries decisions when somebody first opens its panel. */
async function beginTrial() {
  const { Trial } = await import('./studio/trial.js');
  const numbers = (ids) => ids.map((id) => rowsShown().indexOf(id) + 1).filter(Boolean);
  trial = new Trial(document.getElementById('trial'), { ask, fired: markFired, numbers });
  decorate();
}

function listViews() {
  const current = modeler.getActiveView();
  const entries = modeler.getViews().map((view) => {
    const label = view.type === 'drd' ? tell('graph') : view.name || view.id;
    const button = node('button', { type: 'button', textContent: label });
    button.setAttribute('aria-pressed', String(view.element === current?.element && view.type === current?.type));
    button.addEventListener('click', () => modeler.open(view));
    return button;
  });
  views.replaceChildren(...entries);
  [undo.disabled, redo.disabled] = [true, true];
}

/** Bring what stands around the table in line with the decision that is open. */
function decorate() {
  const view = modeler.getActiveView();
  const shown = decisions.find((one) => one.id === view?.element?.id);
  trial?.show(shown);
  const table = view?.type === 'decisionTable';
  codes.hidden = !table || !names.size || !codeColumns(active().get('sheet'), names).length;
  annotate();
}

function soon() {
  cancelAnimationFrame(soon.frame);
  soon.frame = requestAnimationFrame(annotate);
}

function annotate() {
  nameCells(host, names);
  for (const cell of host.querySelectorAll('td.rule-index')) {
    const found = findings.filter((one) => one.element === cell.dataset.rowId);
    set(cell, 'finding', found[0]?.severity);
    set(cell, 'fired', fired.includes(cell.dataset.rowId) ? '✓' : undefined);
    const told = [...found.map((one) => one.text), fired.includes(cell.dataset.rowId) && tell('firedRow')].filter(Boolean);
    if (told.length) cell.title = told.join('\n');
    else cell.removeAttribute('title');
  }
}

function set(element, key, value) {
  if (value === undefined) delete element.dataset[key];
  else if (element.dataset[key] !== value) element.dataset[key] = value;
}

function rowsShown() {
  return [...host.querySelectorAll('td.rule-index')].map((cell) => cell.dataset.rowId);
}

function markFired(ids) {
  fired = ids;
  annotate();
}

function fillCell(code) {
  const cell = active().get('selection').get?.() ?? null;
  if (cell?.businessObject && active().get('sheet').getRoot().rows.some((row) => row.cells.includes(cell))) write(active(), cell, code);
}

/** Show the place of a finding: its rule, or the decision that it is about. */
async function show({ element }) {
  const view = modeler.getViews().find((one) => one.element?.id === element);
  if (view) await modeler.open(view);
  const cell = host.querySelector(`[data-row-id="${CSS.escape(element)}"], [data-element-id="${CSS.escape(element)}"]`);
  cell?.scrollIntoView({ block: 'center' });
  cell?.focus?.();
}
