// What the set on this page would make of a past round: every unit's score and place, before and after.
import { node } from '../nodes.js';
import { post } from './doors.js';
import { tell } from './set_phrases.js';

const COLUMNS = ['level', 'unit', 'before', 'place', 'after', 'placeAfter', 'move'];

/** Show in `host` the rounds that can be tried; `content()` gives the table as it stands. */
export async function mountRescore(host, url, { path, content }) {
  const told = await post(url, { path, content: content() });
  host.replaceChildren(node('p', { textContent: tell('rescoreTold') }));
  if (!told?.rounds.length) {
    host.append(node('p', { textContent: tell(told ? 'noRounds' : 'failed') }));
    return;
  }
  const round = choice('round', told.rounds.map(({ id, name }) => [id, name]));
  const by = choice('by', told.sets.map((code) => [code, code]));
  const result = node('div', { className: 'rescored' });
  const run = node('button', { type: 'button', className: 'bench-button', textContent: tell('run') });
  run.addEventListener('click', async () => {
    const wanted = { path, content: content(), round: round.value, set: by.value };
    showMoves(result, await post(url, wanted));
  });
  const bar = node('div', { className: 'rescore-bar' });
  bar.append(round.parentNode, by.parentNode, run);
  host.append(bar, result);
}

function choice(key, options) {
  const label = node('label', { textContent: tell(key) });
  const select = node('select', {});
  select.append(...options.map(([value, textContent]) => node('option', { value, textContent })));
  label.append(select);
  return select;
}

function showMoves(host, told) {
  if (!told || told.fault) {
    host.replaceChildren(node('p', { className: 'is-error', textContent: told?.fault ?? tell('failed') }));
    return;
  }
  const table = node('table', { className: 'rescore-table' });
  table.createTHead().insertRow().append(...COLUMNS.map((key) => node('th', { scope: 'col', textContent: tell(key) })));
  const body = table.createTBody();
  for (const one of told.moves) body.append(line(one));
  host.replaceChildren(table);
}

function line(one) {
  const after = one.after || tell('cannotScore');
  const told = [one.level, one.name, one.before, one.place, after, one.place_after ?? '—', one.move || '—'];
  const row = node('tr', { className: one.crossed ? 'is-crossed' : '' });
  row.append(...told.map((textContent) => node('td', { textContent })));
  if (one.crossed) row.lastChild.append(node('span', { className: 'crossed', textContent: ` ${tell('crossed')}` }));
  return row;
}
