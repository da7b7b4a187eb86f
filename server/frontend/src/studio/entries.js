// Entries of the properties panel: a text, a FEEL expression, one of a list, several of a list.
import { FeelEntry, SelectEntry, TextFieldEntry } from '@bpmn-io/properties-panel';
import { h } from '@bpmn-io/properties-panel/preact';
import { useService } from 'bpmn-js-properties-panel';
import { addressOf } from './bench.js';
import { label } from './panel_words.js';

/**
 * An entry needs {id, get, set} of its value and {field} that says how it is shown; `desk` is {info, catalogue}.
 * `get()` returns the text or undefined, `set(text)` takes undefined for nothing.
 */
export const components = { text: Text, feel: Feel, pick: Pick, several: Several, step: Step };

/** Return an entry of the panel for a field: a component by its kind. */
export function entry(props) {
  return { ...props, component: components[props.field.kind], isEdited: (node) => Boolean(node && props.get()) };
}

function Text({ element, id, field, get, set }) {
  const debounce = useService('debounceInput');
  return TextFieldEntry({ element, id, debounce, label: field.label, description: field.told, getValue: () => get() ?? '', setValue: (text) => set(text || undefined) });
}

function Feel({ element, id, field, get, set, desk }) {
  const debounce = useService('debounceInput');
  const known = desk.variables(element);
  const offers = known.filter((one) => one.from);
  const editor = h(FeelEntry, {
    element,
    id,
    debounce,
    feel: field.feel ?? 'required',
    label: field.label,
    description: field.told,
    translate: useService('translate'),
    variables: known.map(({ name, detail }) => ({ name, detail })),
    getValue: () => get() ?? '',
    setValue: (text) => set(text && text !== '=' ? text : undefined),
  });
  const alike = field.name === 'organisation' ? likeOthers(element, useService('elementRegistry')) : [];
  if (alike.length) return choosing(editor, chooser(`${id}-like`, label('likeStep'), alike, set));
  if (field.name !== 'assignee' || !offers.length) return editor;
  return choosing(editor, chooser(`${id}-from`, label('fromStep'), offers.map(offer), (text) => set(`=${text}`)));
}

function choosing(editor, list) {
  return h('div', { class: 'icity-choosing' }, editor, list);
}

// What other steps in sight of this one say of their organisation, by the names of the steps.
function likeOthers(element, registry) {
  const around = [];
  for (let one = element.parent; one; one = one.parent) around.push(one);
  const others = registry.filter((one) => one !== element && !one.labelTarget && around.includes(one.parent) && one.businessObject.get('icity:organisation'));
  return others.map(({ businessObject: object }) => ({ id: object.get('icity:organisation'), name: object.name || object.id }));
}

function offer({ name, from, detail }) {
  return { id: name, name: `${from} · ${detail ?? name}` };
}

// The steps that people do in the process of this one; their own earlier turn counts too.
function Step(props) {
  const inside = processOf(props.element.businessObject);
  const steps = useService('elementRegistry').filter(({ businessObject: one, labelTarget }) => !labelTarget && /:(User|Manual)Task$/.test(one.$type) && processOf(one) === inside);
  const list = steps.map(({ businessObject: { id, name } }) => ({ id, name: name || id }));
  return h(Pick, { ...props, desk: { ...props.desk, catalogue: { steps: list } }, field: { ...props.field, from: 'steps' } });
}

function processOf(object) {
  let one = object;
  while (one && one.$type !== 'bpmn:Process') one = one.$parent;
  return one;
}

function Pick({ element, id, field, get, set, desk }) {
  const list = desk.catalogue[field.from] ?? [];
  const value = get();
  const here = list.find((one) => one.id === value);
  const options = [{ value: '', label: label('none') }, ...lines(list)];
  if (value && !here) options.push({ value, label: label('unknown', { id: value }) });
  const link = field.opens && here?.file ? h('a', { href: addressOf(desk.info, here.file) }, label('open')) : field.told;
  return SelectEntry({ element, id, label: field.label, description: here?.told ?? link, getOptions: () => options, getValue: () => value ?? '', setValue: (text) => set(text || undefined) });
}

// Two of the same name are told apart by their ids, which nobody else needs to read.
function lines(list) {
  const names = list.map(({ name }) => name);
  const often = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return list.map(({ id, name }) => ({ value: id, label: often.has(name) ? `${name} · ${id}` : name || id }));
}

// Chips that may be taken away, and a list to add from; `field.empty` keeps "none at all" apart from "nothing said".
function Several({ id, field, get, set, desk }) {
  const list = desk.catalogue[field.from] ?? [];
  const chosen = (get() ?? '').split(' ').filter(Boolean);
  const name = (key) => list.find((one) => one.id === key)?.name ?? label('unknown', { id: key });
  const put = (keys) => set(keys.length ? keys.join(' ') : undefined);
  const chip = (key) =>
    h('li', { key }, name(key), h('button', { type: 'button', 'aria-label': label('remove', { name: name(key) }), onClick: () => put(chosen.filter((one) => one !== key)) }, '×'));
  const rest = list.filter((one) => !chosen.includes(one.id));
  return h('div', { class: 'bio-properties-panel-entry icity-several', 'data-entry-id': id },
    h('span', { class: 'bio-properties-panel-label' }, field.label),
    h('ul', {}, chosen.map(chip)),
    chooser(`${id}-add`, label('add'), rest, (key) => put([...chosen, key]), field.label),
    field.told ? h('div', { class: 'bio-properties-panel-description' }, told(field, desk.catalogue)) : null);
}

// What the settings allow where nothing is chosen is said by name.
function told({ name, told: text }, { usual }) {
  return name === 'actions' && usual ? `${text}${usual.join('、')}` : text;
}

/** Return a list whose choice is handed to `act` and that then stands at its first line again. */
export function chooser(id, first, list, act, name = first) {
  const choose = (event) => {
    const { value } = event.target;
    event.target.value = '';
    if (value) act(value);
  };
  return h('select', { id, class: 'bio-properties-panel-input icity-chooser', 'aria-label': `${name} · ${first}`, onChange: choose },
    h('option', { value: '' }, first),
    lines(list).map((one) => h('option', { key: one.value, value: one.value }, one.label)));
}
