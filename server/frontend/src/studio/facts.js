// The properties of an element in a drawing that is only read: the same words as the panel, nothing to change.
import { node } from '../nodes.js';
import { fieldsOf, tagOf } from './icity.js';
import { label } from './panel_words.js';
import { timerOf } from './timers.js';

const TIMES = ['timeDate', 'timeDuration', 'timeCycle'];

/** Show in `place` what the selected element of `viewer` says; `desk` is {catalogue}. */
export function mountFacts(viewer, place, desk) {
  viewer.on('selection.changed', ({ newSelection: [shape] }) => {
    place.replaceChildren(...(shape ? told(shape.businessObject, desk.catalogue) : []));
    place.classList.toggle('is-open', Boolean(shape));
  });
}

function told(object, catalogue) {
  const own = fieldsOf(tagOf(object)).map((field) => [label(field.name), named(object.get(`icity:${field.name}`), field, catalogue)]);
  const loop = object.loopCharacteristics;
  const several = loop ? fieldsOf(tagOf(loop)).map(({ name }) => [label(name), loop.get(`icity:${name}`)]) : [];
  const timer = timerOf(object);
  const times = timer ? TIMES.map((name) => [label('group.timer'), timer.get(name)?.body]) : [];
  const said = [
    ...times,
    ...own,
    [label('calledElement'), object.calledElement],
    [label('condition'), object.conditionExpression?.body],
    ...several,
    [label('completionCondition'), loop?.completionCondition?.body],
    ...(object.extensionElements?.get('values') ?? []).map((one) => [label(one.$type === 'icity:Output' ? 'group.outputs' : 'group.inputs'), one.name && `${one.name} ${one.value}`]),
  ];
  const list = node('dl', {});
  for (const [name, value] of said.filter((pair) => pair[1])) list.append(node('dt', { textContent: name }), node('dd', { textContent: value }));
  const words = (object.documentation ?? []).map(({ text }) => node('p', { textContent: text }));
  return [node('h2', { textContent: object.name || object.id }), ...words, list];
}

function named(value, { from }, catalogue) {
  if (!value) return value;
  const list = catalogue[from] ?? [];
  return value.split(' ').map((key) => list.find((one) => one.id === key)?.name ?? key).join(' ');
}
