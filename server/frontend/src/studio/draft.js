// One file of a revision while it is edited: it saves itself, is checked by the server, and never overwrites unseen.
import { data, headers } from '../page.js';
import { sentence } from '../notice.js';

const PAUSE = 1200; // milliseconds without a change until it is saved
const RETRY = 10000;
const PREFIX = 'icity-draft:studio:'; // signing out forgets all that begins with icity-draft:

/**
 * A file of a revision, or of a version that is only read.
 *
 * Events (`on(name, fn)`): 'state' {state, ...}: loading, fresh, opened, unsaved, saving, saved, offline, signIn,
 * refused {why}, conflict, recovered, readonly · 'findings' [finding] of the whole revision, or null when it could not
 * be checked · 'conflict' {mine, theirs: {content, version, saved_by, saved_at}}, answered by `keepMine` or
 * `takeTheirs` · 'taken' content, to be shown in place of what is there.
 */
export class Draft {
  constructor(info = data('studio-data')) {
    Object.assign(this, { info, path: info.path, readonly: Boolean(info.readonly) });
    this.heard = {};
    this.version = 0;
    this.kept = null; // what the server has
    this.base = null; // what the server had when this page was opened or last saved
    this.over = false;
  }

  /** Call `fn` at each event `name`; return this draft. */
  on(name, fn) {
    (this.heard[name] ??= []).push(fn);
    return this;
  }

  /** Return the content to show: the server's, or what this computer kept of an edit that could not be saved. */
  async load() {
    this.tell('loading');
    const reply = await this.ask(this.info.raw);
    if (!reply.ok) throw new Error(sentence(await reply.text()) || String(reply.status));
    const found = await reply.json();
    this.accept(found);
    if (this.readonly) this.tell('readonly');
    else this.tell(found.saved_by ? 'opened' : 'fresh', { who: found.saved_by, when: found.saved_at });
    this.listen();
    this.lint(found.content);
    return this.recovered(found) ?? found.content;
  }

  /** Say that the content changed; `getContent` (may be a promise) gives it when the time has come to save. */
  changed(getContent) {
    if (this.readonly || this.over) return;
    this.getContent = getContent;
    this.dirty = true;
    if (!this.disputed) this.tell('unsaved');
    this.later(PAUSE);
  }

  /** Save now what is not saved yet. */
  async flush() {
    clearTimeout(this.timer);
    if (this.sending) await this.sending;
    if (!this.dirty || this.over || this.disputed) return;
    this.sending = this.send().finally(() => (this.sending = null));
    await this.sending;
  }

  /** Answer a conflict: what is on this page replaces what the other person saved. */
  async keepMine() {
    const { theirs } = this.disputed;
    this.disputed = null;
    this.version = theirs.version;
    this.base = theirs.content;
    this.dirty = true;
    await this.flush();
  }

  /** Answer a conflict: what the other person saved replaces what is on this page. */
  takeTheirs() {
    const { theirs } = this.disputed;
    this.disputed = null;
    this.dirty = false;
    this.accept(theirs);
    this.forget();
    this.tell('opened', { who: theirs.saved_by, when: theirs.saved_at });
    this.emit('taken', theirs.content);
    this.lint(theirs.content);
  }

  async send() {
    const content = await this.getContent();
    this.dirty = false;
    if (content === this.kept) {
      this.forget();
      this.tell('saved', { when: new Date().toISOString() });
      return;
    }
    this.copy(content);
    this.tell('saving');
    this.lint(content);
    try {
      const reply = await this.ask(this.info.raw, 'PUT', { content, version: this.version });
      await this.answered(reply, content);
    } catch {
      this.dirty = true;
      this.tell('offline');
      this.later(RETRY);
    }
  }

  async answered(reply, content) {
    const text = await reply.text();
    if (reply.ok && !reply.redirected) this.stored(JSON.parse(text), content);
    else if (reply.status === 401 || reply.redirected) this.away();
    else if (reply.status >= 500 || reply.status === 429) throw new Error(text);
    else if (reply.status === 409 && JSON.parse(text).content !== undefined) await this.dispute(JSON.parse(text), content);
    else this.stopped(sentence(text));
  }

  stored({ version, saved_at: when }, content) {
    this.accept({ version, content });
    if (this.dirty) return;
    this.forget();
    this.tell('saved', { when });
  }

  // A reply that was lost on its way leaves our own words there, as if somebody else had written them.
  async dispute(theirs, content) {
    if (theirs.content === content) {
      this.stored(theirs, content);
      return;
    }
    this.disputed = { mine: content, theirs, base: this.base };
    this.dirty = true;
    this.tell('conflict');
    this.emit('conflict', this.disputed);
  }

  away() {
    this.dirty = true;
    this.tell('signIn');
    this.later(RETRY);
  }

  // Content that the server will not take stays on the page; the next change tries again.
  stopped(why) {
    this.dirty = true;
    this.tell('refused', { why });
  }

  async lint(content) {
    if (!this.info.lint) return;
    const turn = (this.turn = (this.turn ?? 0) + 1);
    try {
      const reply = await this.ask(this.info.lint, 'POST', { path: this.path, content });
      const findings = reply.ok ? (await reply.json()).findings : null;
      if (turn === this.turn) this.emit('findings', findings);
    } catch {
      if (turn === this.turn) this.emit('findings', null);
    }
  }

  ask(url, method = 'GET', body = undefined) {
    const typed = body === undefined ? {} : { 'Content-Type': 'application/json' };
    return fetch(url, {
      method,
      headers: { ...headers(), Accept: 'application/json', ...typed },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  accept({ version, content }) {
    this.version = version;
    this.kept = this.base = content;
  }

  listen() {
    if (this.readonly) return;
    window.addEventListener('online', () => this.flush());
    window.addEventListener('beforeunload', (event) => this.dirty && event.preventDefault());
    document.addEventListener('visibilitychange', () => document.hidden && this.flush());
    document.addEventListener('keydown', (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 's') return;
      event.preventDefault();
      this.flush();
    });
  }

  later(time) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), time);
  }

  copy(content) {
    try {
      localStorage.setItem(PREFIX + this.info.raw, JSON.stringify({ version: this.version, content }));
    } catch {
      // a full or forbidden store: the server keeps it in a second anyway
    }
  }

  forget() {
    localStorage.removeItem(PREFIX + this.info.raw);
  }

  // What an earlier visit could not save comes back; over a version that somebody saved since, only if asked.
  recovered(found) {
    const kept = this.readonly ? null : JSON.parse(localStorage.getItem(PREFIX + this.info.raw) ?? 'null');
    if (!kept || kept.content === found.content) return null;
    this.getContent = () => kept.content;
    if (kept.version === found.version) {
      this.tell('recovered');
      this.dirty = true;
      this.later(PAUSE);
    } else {
      setTimeout(() => this.dispute(found, kept.content));
    }
    return kept.content;
  }

  tell(state, told = {}) {
    this.emit('state', { state, ...told });
  }

  emit(name, told) {
    for (const fn of this.heard[name] ?? []) fn(told);
  }
}
