// Drafts: what is typed is saved by itself; without a connection it is kept on this computer and sent later.
import { answersOf, change, labelsIn, onChange } from './answers.js';
import { node } from './nodes.js';
import { headers } from './page.js';
import { sentence } from './notice.js';

const PAUSE = 1200; // milliseconds without typing
const RETRY = 15000;
const PREFIX = 'icity-draft:';

let leaving = false; // whoever signs out wants no copy made as the page goes

/**
 * Save what is typed into `form`, which `watch` of answers.js knows; `draft` is what the page said of it.
 * Return {flush, done}: save at once; forget the draft, because the task is finished.
 */
export function mount(form, draft) {
  const keeper = new Keeper(form, draft);
  keeper.begin();
  return { flush: () => keeper.flush(), done: () => keeper.done() };
}

/** Take every copy off this computer: whoever signs out leaves nothing behind. */
export function forget() {
  leaving = true;
  for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
}

class Keeper {
  constructor(form, draft) {
    Object.assign(this, { form, draft, texts: draft.texts });
    this.key = `${PREFIX}${draft.person}:${draft.task}`;
    this.seen = draft.saved_at;
    this.kept = fingerprint(answersOf(form));
    this.state = document.getElementById('draft-state');
    this.box = document.getElementById('kept');
    this.unanswered = new Set(); // what was sent and may have arrived, though no reply came back
    this.over = false;
  }

  begin() {
    this.dropOthers();
    onChange(this.form, () => this.typed());
    window.addEventListener('online', () => this.flush());
    window.addEventListener('offline', () => this.dirty() && this.say(this.texts.offline, 'amber'));
    document.addEventListener('visibilitychange', () => document.hidden && this.flush());
    window.addEventListener('pagehide', () => this.copy());
    this.restore();
  }

  typed() {
    if (this.over || !this.dirty()) return;
    if (!this.deciding) this.say(navigator.onLine ? this.texts.unsaved : this.texts.offline, navigator.onLine ? '' : 'amber');
    this.copy();
    this.later(PAUSE);
  }

  later(time) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), time);
  }

  dirty() {
    return fingerprint(answersOf(this.form)) !== this.kept;
  }

  async flush() {
    clearTimeout(this.timer);
    if (this.sending) await this.sending;
    if (this.over || this.deciding || !this.dirty()) return;
    this.sending = this.send().finally(() => (this.sending = null));
    await this.sending;
  }

  async send() {
    const answers = answersOf(this.form);
    this.say(this.texts.saving);
    this.unanswered.add(fingerprint(answers));
    try {
      const reply = await this.ask(this.draft.url, { answers, seen: this.seen });
      await this.answered(reply, answers);
    } catch {
      this.say(navigator.onLine ? this.texts.local : this.texts.offline, 'amber');
      this.later(RETRY);
    }
  }

  ask(url, body) {
    return fetch(url, {
      method: 'POST',
      headers: { ...headers(), Accept: 'application/json', 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async answered(reply, answers) {
    const text = await reply.text();
    if (reply.ok) this.accept(JSON.parse(text).saved_at, answers);
    else if (reply.status === 401 || reply.redirected) this.away();
    else if (reply.status === 409) await this.disputed(text, answers);
    else if (reply.status >= 500 || reply.status === 429) throw new Error(text);
    else this.say(this.texts.refused.replace('{why}', sentence(text)), 'red');
  }

  accept(moment, answers) {
    this.seen = moment;
    this.kept = fingerprint(answers);
    this.unanswered.clear();
    if (this.dirty()) {
      this.copy();
      this.later(PAUSE);
    } else this.clear();
    this.say(this.texts.saved.replace('{when}', clock(new Date(moment))), 'green');
  }

  // A reply that was lost on its way leaves our own words there, as if somebody else had written them.
  async disputed(text, answers) {
    const { draft: other, type } = JSON.parse(text);
    if (!other) {
      this.over = type?.endsWith('task-closed') ?? true;
      this.say(this.texts.closed, 'red');
      return;
    }
    if (this.unanswered.has(fingerprint(other.answers))) {
      this.seen = other.saved_at;
      this.unanswered.clear();
      await this.send();
      return;
    }
    this.choose(other, { answers, at: Date.now() });
  }

  say(text, tone = '') {
    this.state.textContent = text;
    this.state.dataset.tone = tone;
  }

  away() {
    this.say(this.texts.away, 'red');
    const link = node('a', { href: `/sign-in?next=${encodeURIComponent(location.pathname)}`, textContent: this.texts.sign_in });
    this.state.append(' ', link);
  }

  // The copy on this computer: what was typed, when, and the draft of the server that it went on from.
  copy() {
    if (this.over || leaving || !this.dirty()) return;
    const copy = { answers: answersOf(this.form), at: Date.now(), seen: this.seen };
    try {
      localStorage.setItem(this.key, JSON.stringify(copy));
    } catch {
      this.say(this.texts.full, 'red');
    }
  }

  clear() {
    localStorage.removeItem(this.key);
  }

  restore() {
    const copy = read(this.key);
    if (!copy || fingerprint(copy.answers) === this.kept) {
      this.clear();
      return;
    }
    if ((copy.seen ?? null) === (this.seen ?? null)) {
      this.put(copy.answers);
      this.say(this.texts.restored.replace('{when}', clock(new Date(copy.at))), 'amber');
      this.later(PAUSE);
    } else this.choose({ answers: this.draft.answers, saved_at: this.seen }, copy);
  }

  put(answers) {
    change(this.form, answers);
  }

  // Two drafts: neither is written over before the person has chosen.
  choose(other, own) {
    this.deciding = true;
    this.say(this.texts.conflict, 'red');
    const box = node('section', { className: 'panel two-drafts', tabIndex: -1 });
    box.setAttribute('role', 'alertdialog');
    box.setAttribute('aria-label', this.texts.conflict);
    const differ = this.differences(own.answers, other.answers);
    box.append(
      node('h2', { textContent: this.texts.conflict }),
      node('p', { textContent: this.texts.explain }),
      node('p', { className: 'quiet', textContent: this.texts.differ.replace('{fields}', differ.join('、')) }),
      this.side(this.texts.here, new Date(own.at), this.texts.take_here, () => this.keepOwn(own, other)),
      this.side(this.texts.there, new Date(other.saved_at ?? Date.now()), this.texts.take_there, () => this.takeOther(other)),
    );
    this.box.replaceChildren(box);
    box.focus();
  }

  side(title, moment, label, act) {
    const row = node('p', { className: 'two-drafts-row' });
    const button = node('button', { className: 'btn', type: 'button', textContent: label });
    button.addEventListener('click', act);
    row.append(node('strong', { textContent: title }), node('span', { className: 'num', textContent: clock(moment) }), button);
    return row;
  }

  differences(own, other) {
    const keys = [...new Set([...Object.keys(own), ...Object.keys(other)])];
    return keys.flatMap((key) => this.below(key, own[key], other[key]));
  }

  below(path, own, other) {
    if (fingerprint(own) === fingerprint(other)) return [];
    const both = [own, other].every((one) => one && typeof one === 'object' && !Array.isArray(one));
    if (!both) return [labelsIn(this.form)[path] ?? path];
    const keys = [...new Set([...Object.keys(own), ...Object.keys(other)])];
    return keys.flatMap((key) => this.below(`${path}.${key}`, own[key], other[key]));
  }

  keepOwn(own, other) {
    this.decided();
    this.seen = other.saved_at;
    this.kept = fingerprint(other.answers);
    this.put(own.answers);
    this.flush();
  }

  takeOther(other) {
    this.decided();
    this.seen = other.saved_at;
    this.put(other.answers);
    this.kept = fingerprint(answersOf(this.form));
    this.clear();
    this.say(this.texts.saved.replace('{when}', clock(new Date(other.saved_at ?? Date.now()))), 'green');
  }

  decided() {
    this.deciding = false;
    this.box.replaceChildren();
  }

  done() {
    this.over = true;
    clearTimeout(this.timer);
    this.clear();
    this.decided();
  }

  // Somebody else may have used this computer: what they left is not for whoever sits here now.
  dropOthers() {
    const own = `${PREFIX}${this.draft.person}:`;
    const left = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX) && !key.startsWith(own));
    for (const key of left) localStorage.removeItem(key);
  }
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

// What is empty is as good as what is not there, and the order of keys says nothing.
function fingerprint(value) {
  return JSON.stringify(bare(value)) ?? '';
}

function bare(value) {
  if (Array.isArray(value)) return value.length ? value.map((one) => bare(one) ?? null) : undefined;
  if (!value || typeof value !== 'object') return value === null || value === '' || value === false ? undefined : value;
  const kept = Object.keys(value).sort().map((key) => [key, bare(value[key])]).filter(([, one]) => one !== undefined);
  return kept.length ? Object.fromEntries(kept) : undefined;
}

// Civil time, as everywhere on the desk, wherever the computer thinks it is.
function clock(moment) {
  const told = (options) => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', ...options }).format(moment);
  const day = (one) => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(one);
  const time = told({ hour: '2-digit', minute: '2-digit' });
  return day(moment) === day(new Date()) ? time : `${day(moment)} ${time}`;
}
