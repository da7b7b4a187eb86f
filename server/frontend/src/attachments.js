// Files put to a task: chosen, dropped or pasted, told of limits before they are sent, each with its progress.
import { answersOf, change } from './answers.js';
import { node } from './nodes.js';
import { data, headers } from './page.js';
import { sentence } from './notice.js';

const AT_ONCE = 2;

/** Make the attachments of the page live; `form` is the form that evidence may be filled into, null where there is none. */
export function mount(form) {
  const place = document.getElementById('attachments');
  if (!place) return;
  place.addEventListener('click', copyDigest);
  if (!document.getElementById('attachments-data')) return;
  const known = data('attachments-data');
  const queue = new Queue(place, known);
  choosing(place, queue);
  dropping(place, queue);
  document.addEventListener('paste', (event) => pasting(event, queue));
  window.addEventListener('beforeunload', (event) => {
    if (queue.busy) event.preventDefault();
  });
  if (form && known.targets.length) using(place, known, form);
}

function choosing(place, queue) {
  const input = place.querySelector('[data-choose]');
  input.addEventListener('change', () => {
    queue.add(input.files);
    input.value = '';
  });
}

function dropping(place, queue) {
  const zone = place.querySelector('[data-drop]');
  const holdsFiles = (event) => event.dataTransfer?.types.includes('Files');
  for (const kind of ['dragenter', 'dragover']) {
    document.addEventListener(kind, (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      zone.classList.add('is-wanted');
      zone.classList.toggle('is-over', zone.contains(event.target));
    });
  }
  for (const kind of ['dragleave', 'drop']) {
    document.addEventListener(kind, (event) => {
      if (kind === 'dragleave' && event.relatedTarget) return;
      zone.classList.remove('is-wanted', 'is-over');
    });
  }
  document.addEventListener('drop', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault(); // a file that misses the zone must not replace the page
    if (place.contains(event.target) || event.target.closest('.task-work')) queue.add(event.dataTransfer.files);
  });
}

function pasting(event, queue) {
  const files = [...(event.clipboardData?.files ?? [])];
  const text = event.clipboardData?.types.includes('text/plain');
  if (!files.length || text) return; // a spreadsheet puts a picture of its cells beside their text
  event.preventDefault();
  queue.add(files);
}

/** Files on their way, two at a time. */
class Queue {
  constructor(place, known) {
    this.list = place.querySelector('[data-queue]');
    this.told = place.querySelector('[data-attach-told]');
    this.known = known;
    this.waiting = [];
    this.running = 0;
  }

  get busy() {
    return this.running + this.waiting.length > 0;
  }

  add(files) {
    for (const file of files) {
      const row = new Row(file, this);
      this.list.append(row.element);
      const fault = this.refusal(file);
      if (fault) row.fail(fault, { again: false });
      else this.enqueue(row);
    }
    this.list.hidden = this.list.children.length === 0;
  }

  enqueue(row) {
    row.begin();
    this.waiting.push(row);
    this.next();
  }

  refusal(file) {
    const { texts, largest } = this.known;
    if (!this.kind(file)) return texts.kind;
    if (file.size > largest) return texts.size;
    return file.size ? '' : texts.empty;
  }

  kind(file) {
    const ending = file.name.slice(file.name.lastIndexOf('.')).toLowerCase();
    const kinds = Object.values(this.known.endings);
    return this.known.endings[ending] ?? (kinds.includes(file.type) && !file.name.includes('.') ? file.type : null);
  }

  next() {
    while (this.running < AT_ONCE && this.waiting.length) {
      this.running += 1;
      this.send(this.waiting.shift());
    }
  }

  send(row) {
    const request = new XMLHttpRequest();
    const name = encodeURIComponent(row.file.name);
    request.open('POST', `${this.known.url}?name=${name}`);
    for (const [header, value] of Object.entries({ ...headers(), Accept: 'application/json' })) {
      request.setRequestHeader(header, value);
    }
    request.setRequestHeader('Content-Type', this.kind(row.file));
    request.upload.addEventListener('progress', (event) => row.progress(event.loaded, event.total));
    request.addEventListener('load', () => this.answered(row, request));
    request.addEventListener('error', () => row.fail(this.known.texts.broken, { again: true }));
    request.addEventListener('abort', () => row.remove());
    request.addEventListener('loadend', () => {
      this.running -= 1;
      this.next();
    });
    row.cancel = () => request.abort();
    request.send(row.file);
  }

  answered(row, request) {
    if (request.status !== 201) {
      row.fail(sentence(request.responseText) || this.known.texts.broken, { again: request.status >= 500 });
      return;
    }
    this.told.textContent = `${row.file.name}: ${this.known.texts.kept}`;
    row.remove();
    document.body.dispatchEvent(new Event('attached'));
  }

  drop(row) {
    this.waiting = this.waiting.filter((other) => other !== row);
    row.element.remove();
    this.list.hidden = this.list.children.length === 0;
  }
}

/** One file on its way: its name, how far it is, and what went wrong. */
class Row {
  constructor(file, queue) {
    this.file = file;
    this.queue = queue;
    this.element = node('li', { className: 'coming-file' });
    this.state = node('span', { className: 'coming-state' });
    this.bar = node('progress', { max: 100, value: 0 });
    this.bar.setAttribute('aria-label', file.name);
    this.buttons = node('span', { className: 'coming-acts' });
    this.element.append(node('strong', { textContent: file.name }), this.bar, this.state, this.buttons);
  }

  begin() {
    const { texts } = this.queue.known;
    this.element.classList.remove('is-refused');
    this.bar.hidden = false;
    this.say(texts.waiting);
    this.cancel = () => this.remove();
    this.offer([texts.cancel, () => this.cancel()]);
  }

  progress(loaded, total) {
    this.bar.value = total ? Math.round((loaded / total) * 100) : 0;
    this.say(loaded < total ? `${this.bar.value}%` : this.queue.known.texts.sent);
  }

  fail(why, { again }) {
    const { texts } = this.queue.known;
    this.element.classList.add('is-refused');
    this.bar.hidden = true;
    this.say(why);
    this.queue.told.textContent = `${this.file.name}: ${why}`;
    const retry = again ? [[texts.again, () => this.queue.enqueue(this)]] : [];
    this.offer(...retry, [texts.dismiss, () => this.remove()]);
  }

  say(text) {
    this.state.textContent = text;
  }

  offer(...choices) {
    this.buttons.replaceChildren(
      ...choices.map(([label, act]) => {
        const button = node('button', { className: 'btn btn-sm', type: 'button', textContent: label });
        button.setAttribute('aria-label', `${label}: ${this.file.name}`);
        button.addEventListener('click', act);
        return button;
      }),
    );
  }

  remove() {
    this.queue.drop(this);
  }
}

async function copyDigest({ target }) {
  const button = target.closest('[data-copy]');
  if (!button) return;
  await write(button.dataset.copy);
  const label = button.querySelector('span');
  const before = (label.dataset.before ??= label.textContent);
  label.textContent = document.getElementById('attachments-data') ? data('attachments-data').texts.copied : '✓';
  setTimeout(() => (label.textContent = before), 2000);
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = node('textarea', { value: text }); // without TLS a page may not ask for the clipboard
    document.body.append(field);
    field.select();
    document.execCommand('copy');
    field.remove();
  }
}

// Filling the digest of a file into the form, where its figures ask for evidence.
function using(place, known, form) {
  const dialog = place.querySelector('[data-use-dialog]');
  const where = dialog.querySelector('[data-use-where]');
  where.replaceChildren(...known.targets.flatMap(choices));
  const offer = () => place.querySelectorAll('[data-use]').forEach((button) => (button.hidden = false));
  place.addEventListener('htmx:afterSwap', offer);
  offer();
  let chosen = null;
  place.addEventListener('click', ({ target }) => {
    const row = target.closest('[data-use]')?.closest('[data-digest]');
    if (!row) return;
    chosen = row.dataset;
    dialog.querySelector('[data-use-name]').textContent = chosen.name;
    dialog.showModal();
  });
  dialog.addEventListener('close', () => {
    if (dialog.returnValue !== 'use' || !chosen) return;
    const [place_, code] = JSON.parse(where.value);
    fill(form, known.targets[place_], code, chosen);
    dialog.returnValue = '';
  });
}

function choices(target, number) {
  const option = (label, code) => node('option', { textContent: label, value: JSON.stringify([number, code]) });
  if (!target.codes.length) return [option(target.label, '')];
  const group = node('optgroup', { label: target.label });
  group.append(...target.codes.map(({ code, label }) => option(label, code)));
  return [group];
}

function fill(form, target, code, { digest, name }) {
  const file = { digest, ...(target.named && { document: name }) };
  if (target.kind === 'field') {
    change(form, file);
    return;
  }
  const rows = answersOf(form)[target.path] ?? [];
  const row = { ...(code && { code }), ...file };
  const free = rows.findIndex((one) => !one.digest && (code ? one.code === code || isBlank(one) : true));
  const next = free < 0 ? [...rows, row] : rows.map((one, place) => (place === free ? { ...one, ...row } : one));
  change(form, { [target.path]: next });
}

function isBlank(row) {
  return Object.values(row).every((value) => value === null || value === '' || value === undefined);
}
