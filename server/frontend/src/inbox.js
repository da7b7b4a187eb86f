// My work: rows chosen for all at once, keys for those who keep their hands there, and word when a list has changed.
import './inbox.css';

const KEPT = 'icity-keys';
const main = document.getElementById('main');
const keys = document.getElementById('keys');
const on = document.getElementById('keys-on');

const rows = () => [...document.querySelectorAll('[data-row]')];
const boxes = () => [...document.querySelectorAll('#batch input[name="task"]')];

/** Show how many rows are chosen; the bar stays away while there are none. */
function count() {
  const bar = document.getElementById('chosen');
  if (!bar) return;
  const all = boxes();
  const chosen = all.filter((box) => box.checked);
  bar.querySelector('[data-count]').textContent = chosen.length;
  bar.querySelector('button').disabled = chosen.length === 0;
  bar.classList.add('is-ready');
  bar.classList.toggle('is-used', chosen.length > 0);
  for (const box of all) box.closest('tr').classList.toggle('is-chosen', box.checked);
  for (const whole of document.querySelectorAll('[data-all]')) {
    whole.checked = all.length > 0 && chosen.length === all.length;
    whole.indeterminate = chosen.length > 0 && chosen.length < all.length;
  }
}

main.addEventListener('change', ({ target }) => {
  if (target.matches('[data-all]')) for (const box of boxes()) box.checked = target.checked;
  if (target.matches('[data-all], input[name="task"]')) count();
});

/** Move the focus to the row `step` away from the one it is in, or to the first. */
function move(step) {
  const all = rows();
  const here = all.indexOf(document.activeElement.closest?.('[data-row]'));
  const next = all[here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1)];
  next?.querySelector('[data-open]').focus();
}

function choose() {
  document.activeElement.closest?.('[data-row]')?.querySelector('input[name="task"]')?.click();
}

const acts = {
  j: () => move(1),
  ArrowDown: () => move(1),
  k: () => move(-1),
  ArrowUp: () => move(-1),
  x: choose,
  '/': () => document.getElementById('text').focus(),
  '?': () => keys.showModal(),
};

/** Return whether a key belongs to what is focused: somebody types, chooses, or a dialog is open. */
function taken({ target, altKey, ctrlKey, metaKey, isComposing }) {
  if (altKey || ctrlKey || metaKey || isComposing || document.querySelector('dialog[open]')) return true;
  if (target.matches('input[type="checkbox"]')) return false;
  return target.isContentEditable || target.matches('input, textarea, select, summary');
}

document.addEventListener('keydown', (event) => {
  const act = acts[event.key];
  if (!act || taken(event) || (!on.checked && event.key !== '?')) return;
  const arrow = event.key.startsWith('Arrow');
  if (arrow && !event.target.closest('[data-row]')) return;
  event.preventDefault();
  act();
});

document.querySelector('[data-keys]').addEventListener('click', () => keys.showModal());
on.checked = localStorage.getItem(KEPT) !== 'off';
on.addEventListener('change', () => localStorage.setItem(KEPT, on.checked ? 'on' : 'off'));

/** Return the count of the list that is shown, as its tab tells it. */
const told = () => document.querySelector('#tabs [aria-current] .count')?.firstChild.textContent;
let known = told();

document.addEventListener('htmx:afterSwap', ({ target, detail }) => {
  const swapped = (detail.target ?? target).id;
  if (swapped === 'work') {
    known = told();
    count();
    return;
  }
  const fresh = document.getElementById('fresh');
  if (fresh && known !== undefined && told() !== known) fresh.hidden = false;
});

// What is not asked is not in the address.
document.addEventListener('htmx:configRequest', ({ target, detail }) => {
  if (target.id !== 'search') return;
  const given = [...detail.formData];
  const soon = detail.formData.get('due') === 'soon';
  for (const [name, value] of given) if (!value || (name === 'days' && !soon)) detail.formData.delete(name);
});

count();
