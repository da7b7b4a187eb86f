// The frame of every editor: how saving stands, what the check found, and which of two versions goes on.
import './bench.css';
import { node } from '../nodes.js';
import { moment, say } from './words.js';

const ALARMING = new Set(['offline', 'refused', 'conflict', 'signIn']);

/**
 * Show the state, the findings and the conflicts of `draft` in the page `studio/bench.html`.
 *
 * `pick(finding)` shows the place of a finding of this file; findings of other files lead to their editor.
 * `compare(before, after)` gives the differences of two contents as texts (may be a promise), or nothing.
 */
export function mountBench(draft, { pick = () => {}, compare = () => null } = {}) {
  const place = document.getElementById('bench-state');
  draft.on('state', (told) => {
    const when = told.when ? moment(told.when) : '';
    place.textContent = say(told.state, { ...told, who: told.who ?? say('somebody'), when });
    place.classList.toggle('is-alarming', ALARMING.has(told.state));
    document.documentElement.dataset.state = told.state;
  });
  draft.on('findings', (findings) => showFindings(draft, findings, pick));
  draft.on('conflict', (told) => showConflict(draft, told, compare));
}

/** Say in place of the editor why its file cannot be shown. */
export function showTrouble(text, details = '') {
  const place = document.getElementById('bench-trouble');
  place.replaceChildren(node('strong', { textContent: text }), node('span', { textContent: details }));
  place.hidden = false;
}

/** Take the trouble away that was shown. */
export function clearTrouble() {
  document.getElementById('bench-trouble').hidden = true;
}

function showFindings(draft, findings, pick) {
  const count = (severity) => findings.filter((one) => one.severity === severity).length;
  const head = document.getElementById('bench-findings-count');
  const list = document.getElementById('bench-findings-list');
  document.documentElement.dataset.findings = findings ? findings.length : '';
  if (!findings) {
    head.textContent = say('unchecked');
    return;
  }
  const [errors, warnings] = [count('error'), count('warning')];
  const parts = [errors && say('errors', { count: errors }), warnings && say('warnings', { count: warnings })];
  head.textContent = parts.filter(Boolean).join(' · ') || say('none');
  head.className = errors ? 'is-error' : warnings ? 'is-warning' : 'is-good';
  const own = (one) => Number(one.file !== draft.path);
  const sorted = [...findings].sort((a, b) => own(a) - own(b) || a.severity.localeCompare(b.severity));
  list.replaceChildren(...sorted.map((one) => line(draft, one, pick)));
}

function line(draft, finding, pick) {
  const item = node('li', { className: `is-${finding.severity}` });
  const mark = node('span', { className: 'severity', textContent: say(finding.severity) });
  const here = finding.file === draft.path;
  const text = node('span', { textContent: finding.text });
  const name = say(finding.name ?? ''); // an element without a name goes by its tag
  const label = (here ? name : [finding.file, name].filter(Boolean).join(' · ')) || draft.path;
  item.append(mark, here ? picker(label, finding, pick) : link(draft, label, finding), text);
  return item;
}

function picker(textContent, finding, pick) {
  const button = node('button', { type: 'button', textContent });
  button.addEventListener('click', () => pick(finding));
  return button;
}

function link(draft, textContent, { file, element }) {
  const known = draft.info.editor && draft.info.files?.includes(file);
  if (!known) return node('span', { textContent });
  return node('a', { textContent, href: addressOf(draft.info, file, element) });
}

/** Return the address of the editor of `file`, at `element` of it. */
export function addressOf(info, file, element = '') {
  const path = file.split('/').map(encodeURIComponent).join('/');
  return `${info.editor}${path}${element ? `#${encodeURIComponent(element)}` : ''}`;
}

async function showConflict(draft, { mine, theirs, base }, compare) {
  const dialog = node('dialog', { className: 'bench-dialog', id: 'conflict' });
  const title = node('h2', { id: 'conflict-title', textContent: say('conflictTitle') });
  dialog.setAttribute('aria-labelledby', title.id);
  const told = { who: theirs.saved_by ?? say('somebody'), when: moment(theirs.saved_at) };
  const two = node('div', { className: 'bench-sides' });
  dialog.append(title, node('p', { textContent: say('conflictTold', told) }), two, acts(draft, dialog, mine));
  dialog.addEventListener('cancel', (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  two.append(await side('conflictTheirs', base, theirs.content, compare), await side('conflictMine', base, mine, compare));
}

async function side(key, before, after, compare) {
  const section = node('section', {});
  const changes = before === after ? [say('same')] : (await told(before, after, compare)) ?? [say('whole')];
  const list = node('ul', {});
  list.append(...changes.map((textContent) => node('li', { textContent })));
  section.append(node('h3', { textContent: say(key) }), list);
  return section;
}

async function told(before, after, compare) {
  try {
    return await compare(before, after);
  } catch {
    return null; // one of the two cannot be read; the choice is theirs all the same
  }
}

function acts(draft, dialog, mine) {
  const bar = node('div', { className: 'bench-acts' });
  const file = node('a', { className: 'bench-button', textContent: say('download'), download: draft.path.split('/').pop() });
  file.href = URL.createObjectURL(new Blob([mine], { type: 'application/octet-stream' }));
  bar.append(file, choice('takeTheirs', dialog, () => draft.takeTheirs()), choice('keepMine', dialog, () => draft.keepMine()));
  return bar;
}

function choice(key, dialog, act) {
  const button = node('button', { type: 'button', className: 'bench-button', textContent: say(key) });
  button.addEventListener('click', () => {
    dialog.close();
    dialog.remove();
    act();
  });
  return button;
}
