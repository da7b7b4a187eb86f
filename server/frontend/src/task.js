// The page of a task: its bar of actions, what an action led to, and the diagram once it comes into view.
import './task.css';
import { mount as mountActions, mountForms } from './actions.js';
import { tell } from './notice.js';

const STORE = 'icity-told';
const menu = () => document.querySelector('.more-acts');

/**
 * Make the bar, the dialogs and the diagram live. `before` keeps what was typed before the page is left; `arrived` is
 * told of each part of the page that was fetched.
 */
export function mount({ before, arrived }) {
  mountActions({ before, after, refuse: tell });
  mountForms({ before, after });
  document.addEventListener('click', explain);
  document.addEventListener('click', closeMenu);
  document.addEventListener('keydown', (event) => event.key === 'Escape' && leaveMenu());
  const fetched = (part) => {
    if (part.dataset?.diagram) import(part.dataset.diagram).catch(() => part.remove()); // a process without a drawing
    arrived(part);
  };
  document.querySelectorAll('.task-columns .panel').forEach(fetched);
  document.addEventListener('htmx:load', ({ target }) => fetched(target));
  openForPaper();
  tellOnce();
}

/** Say what was done and where the task is now; `next` are the names of the tasks that opened, none when not known. */
export function showResult({ told, where, next }) {
  const result = document.getElementById('result');
  const list = result.querySelector('ul');
  result.querySelector('h2').textContent = told;
  fill(result.querySelector('[data-where]'), where);
  list.replaceChildren(...(next ?? []).map((name) => Object.assign(document.createElement('li'), { textContent: name })));
  list.hidden = list.children.length === 0;
  result.querySelector('[data-waiting]').hidden = !next || next.length > 0;
  result.hidden = false;
  result.scrollIntoView({ block: 'start' });
  result.focus({ preventScroll: true });
}

/** Take away what can no longer be done, and let the panels fetch what is now true. */
export function finish() {
  for (const part of document.querySelectorAll('[data-until-done]')) part.hidden = true;
  refresh();
}

/** Let the panels fetch what is now true. */
export function refresh() {
  document.body.dispatchEvent(new Event('acted'));
}

// An action that leaves the task with the person shows it anew; one that takes it away ends the work on this page.
function after(reply) {
  if (reply.again) {
    sessionStorage.setItem(STORE, JSON.stringify(reply));
    location.assign(reply.again);
    return;
  }
  if (!reply.stays) finish();
  else refresh();
  showResult(reply);
}

// Paper shows what a click would have opened.
function openForPaper() {
  const closed = [];
  window.addEventListener('beforeprint', () => {
    closed.push(...document.querySelectorAll('.answered:not([open])'));
    for (const part of closed) part.open = true;
  });
  window.addEventListener('afterprint', () => {
    for (const part of closed.splice(0)) part.open = false;
  });
}

function tellOnce() {
  const kept = sessionStorage.getItem(STORE);
  if (!kept) return;
  sessionStorage.removeItem(STORE);
  showResult(JSON.parse(kept));
}

function fill(place, text) {
  place.textContent = text ?? '';
  place.hidden = !text;
}

function explain(event) {
  const button = event.target.closest('[aria-disabled=true][data-why]');
  if (!button) return;
  event.stopImmediatePropagation();
  fill(document.getElementById('bar-why'), button.dataset.why);
}

function closeMenu(event) {
  const open = menu();
  if (open?.open && (!open.contains(event.target) || event.target.closest('[data-dialog]'))) open.open = false;
}

function leaveMenu() {
  const open = menu();
  if (!open?.open) return;
  open.open = false;
  open.querySelector('summary').focus();
}
