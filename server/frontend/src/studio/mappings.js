// What goes into a step and what comes back: icity:input and icity:output, each a name and an expression.
import { FeelEntry } from '@bpmn-io/properties-panel';
import { h } from '@bpmn-io/properties-panel/preact';
import { useService } from 'bpmn-js-properties-panel';
import { chooser } from './entries.js';
import { label } from './panel_words.js';

/** Return the entries of the mappings `type` (icity:Input or icity:Output) of an element; `known` are [{id, name}]. */
export function mappings(element, type, known, desk) {
  const held = list(element.businessObject, type);
  const shown = held.map((mapping, index) => ({
    id: `${type}-${index}`,
    element,
    mapping,
    desk,
    known: known.find((one) => one.id === mapping.name),
    component: Mapping,
    isEdited: () => true,
  }));
  const rest = known.filter((one) => !held.some((mapping) => mapping.name === one.id));
  return [...shown, { id: `${type}-add`, element, type, rest, desk, component: Adding, isEdited: () => false }];
}

function Mapping({ element, id, mapping, known, desk }) {
  const [modeling, debounce, translate] = [useService('modeling'), useService('debounceInput'), useService('translate')];
  const name = mapping.name ?? '';
  const editor = h(FeelEntry, {
    element,
    id,
    debounce,
    translate,
    feel: 'optional',
    label: known?.name && known.name !== name ? `${name} · ${known.name}` : name,
    description: known?.told,
    variables: desk.variables(element).map(({ name: variable, detail }) => ({ name: variable, detail })),
    getValue: () => mapping.value ?? '',
    setValue: (value) => modeling.updateModdleProperties(element, mapping, { value: value ?? '' }),
  });
  const away = h('button', { type: 'button', class: 'icity-away', 'aria-label': label('remove', { name }), onClick: () => drop(element, mapping, modeling) }, '×');
  return h('div', { class: 'icity-mapping' }, editor, away);
}

function Adding({ element, id, type, rest }) {
  const services = { modeling: useService('modeling'), factory: useService('bpmnFactory') };
  const put = (name) => add(element, type, name, services);
  const typed = (event) => {
    const name = event.target.value.trim();
    event.target.value = '';
    if (name) put(name);
  };
  return h('div', { class: 'bio-properties-panel-entry icity-adding', 'data-entry-id': id },
    rest.length ? chooser(`${id}-known`, label('add'), rest, put) : null,
    h('input', { id: `${id}-name`, type: 'text', class: 'bio-properties-panel-input', maxLength: 64, placeholder: label('named'), 'aria-label': label('named'), onChange: typed }));
}

function list(object, type) {
  return (object.extensionElements?.get('values') ?? []).filter((one) => one.$type === type);
}

function add(element, type, name, { modeling, factory }) {
  const object = element.businessObject;
  const mapping = factory.create(type, { name, value: '=' });
  const holder = object.extensionElements;
  if (holder) {
    mapping.$parent = holder;
    modeling.updateModdleProperties(element, holder, { values: [...holder.get('values'), mapping] });
    return;
  }
  const made = factory.create('bpmn:ExtensionElements', { values: [mapping] });
  made.$parent = object;
  mapping.$parent = made;
  modeling.updateModdleProperties(element, object, { extensionElements: made });
}

function drop(element, mapping, modeling) {
  const holder = element.businessObject.extensionElements;
  const values = holder.get('values').filter((one) => one !== mapping);
  modeling.updateModdleProperties(element, holder, { values });
}
