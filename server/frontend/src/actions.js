// The dialogs of actions: fetched when first opened, kept with what was typed until the action is done.
import { inOneLanguage, sentence } from './notice.js';
import { headers } from './page.js';
import { mountPeople } from './people.js';

const kept = new Map();
const fallback = () => document.getElementById('notice').dataset.fallback;

/** Let the buttons with data-dialog open their dialogs; `before` runs before an action is sent, `after` with its reply. */
export function mount({ before, after, refuse }) {
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-dialog]');
    if (!button || button.getAttribute('aria-disabled') === 'true') return;
    try {
      show(await dialogOf(button.dataset.dialog, { before, after }), button);
    } catch (trouble) {
      refuse(trouble.body ?? '');
    }
  });
}

/** Let the forms of the page with data-act be sent as dialogs are. */
export function mountForms({ before, after }) {
  for (const form of document.querySelectorAll('form[data-act]')) listen(form, () => send(form, { before, after }, () => {}));
}

async function dialogOf(address, hooks) {
  if (kept.has(address)) return kept.get(address);
  const reply = await fetch(address, { headers: headers() });
  const body = await reply.text();
  if (!reply.ok) throw Object.assign(new Error('refused'), { body });
  const holder = document.createElement('div');
  holder.innerHTML = body;
  const dialog = holder.querySelector('dialog');
  document.body.append(dialog);
  wire(dialog, address, hooks);
  kept.set(address, dialog);
  return dialog;
}

function show(dialog, opener) {
  dialog.opener = opener;
  dialog.showModal();
  dialog.querySelector('[autofocus]')?.focus();
}

function wire(dialog, address, hooks) {
  const form = dialog.querySelector('form');
  for (const button of dialog.querySelectorAll('[data-close]')) button.addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  dialog.addEventListener('close', () => visibleOpener(dialog.opener)?.focus());
  for (const picker of dialog.querySelectorAll('[data-people]')) mountPeople(picker);
  for (const choice of dialog.querySelectorAll('[data-reveals]')) reveal(form, choice);
  listen(form, () => send(form, hooks, () => leave(dialog, address)));
}

function listen(form, submit) {
  form.addEventListener('input', ({ target }) => forgive(form, target.name || target.closest('[data-people]')?.dataset.people));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
}

function leave(dialog, address) {
  dialog.close();
  dialog.remove();
  kept.delete(address);
}

// A menu that closed meanwhile hides its button; then its summary takes the focus.
function visibleOpener(opener) {
  return opener?.offsetParent ? opener : opener?.closest('details')?.querySelector('summary');
}

// A part that belongs to one choice is shown, and sent, only while that choice is made.
function reveal(form, part) {
  const [name, value] = part.dataset.reveals.split('=');
  const update = () => {
    const chosen = new FormData(form).get(name) === value;
    part.hidden = !chosen;
    for (const field of part.querySelectorAll('input, select, textarea')) field.disabled = !chosen || 'barred' in field.dataset;
  };
  form.addEventListener('change', update);
  update();
}

async function send(form, { before, after }, done) {
  const button = form.querySelector('[type=submit]');
  clear(form);
  button.disabled = true;
  try {
    await before?.();
    const reply = await fetch(form.action, { method: 'POST', headers: headers(), body: new FormData(form) });
    const body = await reply.text();
    if (!reply.ok) return refused(form, body);
    done();
    after(JSON.parse(body));
  } catch {
    trouble(form, fallback());
  } finally {
    button.disabled = false;
  }
}

function refused(form, body) {
  const fields = fieldsOf(body);
  const shown = Object.entries(fields).filter(([name, text]) => mark(form, name, text));
  if (shown.length === 0) trouble(form, sentence(body) || fallback());
  form.querySelector('[aria-invalid=true]')?.focus();
}

function fieldsOf(body) {
  try {
    const { fields } = JSON.parse(body);
    return Object.fromEntries(Object.entries(fields ?? {}).map(([name, text]) => [name, inOneLanguage(text)]));
  } catch {
    return {};
  }
}

function mark(form, name, text) {
  const place = form.querySelector(`[data-error="${CSS.escape(name)}"]`);
  if (!place) return false;
  place.textContent = text;
  place.hidden = false;
  const field = form.elements.namedItem(name);
  const first = field instanceof RadioNodeList ? field[0] : field;
  (first?.type === 'hidden' ? null : first)?.setAttribute('aria-invalid', 'true');
  return true;
}

function forgive(form, name) {
  const place = name && form.querySelector(`[data-error="${CSS.escape(name)}"]`);
  if (!place) return;
  place.hidden = true;
  for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) field.removeAttribute('aria-invalid');
}

function clear(form) {
  form.querySelector('[data-trouble]').hidden = true;
  for (const place of form.querySelectorAll('[data-error]')) place.hidden = true;
  for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
}

function trouble(form, text) {
  const place = form.querySelector('[data-trouble]');
  place.textContent = text;
  place.hidden = false;
  place.scrollIntoView({ block: 'nearest' });
}
