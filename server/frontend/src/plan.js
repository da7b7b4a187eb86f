// What a pasted block would fill in, shown before anything is; the person says yes, or takes another column.
import { node } from './nodes.js';
import { numberIn } from './pasting.js';

export class Plan {
  /** `make(column)` gives the plan that reads from a column, null being the likeliest; `now` is what stands there. */
  constructor(texts, make, now) {
    Object.assign(this, { texts, make, now });
    this.dialog = node('dialog', { className: 'act-dialog plan' });
    this.dialog.setAttribute('aria-label', texts.preview);
  }

  /** Show the plan and call `apply` with [{path, value}] once the person agrees. */
  ask(apply) {
    this.apply = apply;
    document.body.append(this.dialog);
    this.dialog.addEventListener('close', () => this.dialog.remove());
    this.draw(null);
    this.dialog.showModal();
    this.dialog.querySelector('.btn-primary').focus();
  }

  draw(column) {
    const plan = this.make(column);
    const changes = this.changes(plan);
    const body = node('div', { className: 'dialog-body' });
    body.append(node('p', { textContent: this.texts.explain }));
    if (plan.ordered) body.append(node('p', { className: 'plan-ordered', textContent: this.texts.ordered }));
    if (plan.columns.length > 1) body.append(this.columns(plan));
    body.append(this.table(plan));
    this.dialog.replaceChildren(this.head(), body, this.foot(changes));
  }

  changes({ rows }) {
    const told = rows.filter(({ cell, value, problem }) => cell && value !== null && !problem);
    return told.filter(({ cell, value }) => Number(value) !== this.now[cell.path]).map(({ cell, value }) => ({ path: cell.path, value: Number(value) }));
  }

  head() {
    const head = node('header');
    head.append(node('h2', { textContent: this.texts.preview }));
    return head;
  }

  columns({ columns, column }) {
    const label = node('label', { className: 'form-label', textContent: `${this.texts.column} ` });
    const select = node('select', { className: 'form-select' });
    select.append(
      ...columns.map(({ number, head }) => {
        const text = this.texts.column_name.replace('{number}', number + 1).replace('{head}', head);
        return node('option', { value: number, textContent: head ? text : text.replace(/[：:]\s*$/, ''), selected: number === column });
      }),
    );
    select.addEventListener('change', () => {
      this.draw(Number(select.value));
      this.dialog.querySelector('select').focus();
    });
    label.append(select);
    return label;
  }

  table({ rows }) {
    const { texts } = this;
    const table = node('table', { className: 'list plan-table' });
    const head = table.createTHead().insertRow();
    head.append(...[texts.found, texts.goes, texts.old, texts.new].map((textContent) => Object.assign(node('th', { textContent }), { scope: 'col' })));
    const body = table.createTBody();
    for (const row of rows) body.append(this.row(row));
    return table;
  }

  row({ found, cell, value, from, problem }) {
    const { texts } = this;
    const line = node('tr', { className: problem ? 'is-left' : '' });
    const old = cell ? this.now[cell.path] : null;
    const same = value !== null && cell && Number(value) === old;
    const source = labelled(texts.found, [found.name, found.text].filter(Boolean).join(' '));
    const goes = labelled(texts.goes, cell ? `${cell.name}${cell.measure ? `（${cell.measure}）` : ''}` : `✕ ${texts.nowhere}`);
    const before = labelled(texts.old, old === null ? '—' : numberIn(String(old)).text);
    const after = labelled(texts.new, problem === 'nowhere' ? '—' : problem ? `✕ ${texts[problem]}` : same ? `${value} ＝ ${texts.same}` : `→ ${value}`);
    before.classList.add('num');
    if (from) after.append(node('small', { textContent: texts.converted.replace('{from}', from).replace('{to}', cell.measure) }));
    line.append(source, goes, before, after);
    return line;
  }

  foot(changes) {
    const foot = node('footer', { className: 'plan-acts' });
    const yes = node('button', { className: 'btn btn-primary', type: 'button', disabled: changes.length === 0 });
    yes.textContent = this.texts.apply.replace('{count}', changes.length);
    yes.addEventListener('click', () => {
      this.dialog.close();
      this.apply(changes);
    });
    const no = node('button', { className: 'btn', type: 'button', textContent: this.texts.cancel });
    no.addEventListener('click', () => this.dialog.close());
    foot.append(yes, no);
    return foot;
  }
}

function labelled(label, textContent) {
  const cell = node('td', { textContent });
  cell.dataset.label = label;
  return cell;
}
