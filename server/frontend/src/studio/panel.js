// The groups of the properties panel for everything the engine reads, beside those of plain BPMN.
import { Group } from '@bpmn-io/properties-panel';
import { entry } from './entries.js';
import { fieldsOf, tagOf } from './icity.js';
import { mappings } from './mappings.js';
import { label } from './panel_words.js';
import { timerOf, timers } from './timers.js';

const OURS = new Set(['timer', 'multiInstance']); // groups of plain BPMN that these stand for
const ORDER = ['people', 'work', 'calls', 'time', 'actions', 'loop', 'exchange', 'data', 'case'];
const TAKING = new Set(['serviceTask', 'businessRuleTask', 'callActivity', 'subProcess', 'transaction', 'sendTask', 'intermediateThrowEvent', 'endEvent']);
const COMPLETIONS = {
  any: '=nrOfCompletedInstances >= 1',
  half: '=nrOfCompletedInstances / nrOfInstances > 1/2',
  twoThirds: '=nrOfCompletedInstances / nrOfInstances >= 2/3',
};
const BELOW_GENERAL = 400;

class Panel {
  constructor(propertiesPanel, modeling, bpmnFactory, desk) {
    Object.assign(this, { modeling, bpmnFactory, desk });
    propertiesPanel.registerProvider(BELOW_GENERAL, this);
  }

  getGroups(element) {
    return (groups) => {
      if (element.labelTarget) return groups;
      const plain = groups.filter((group) => !OURS.has(group.id));
      const at = plain.findIndex((group) => group.id === 'general') + 1;
      plain.splice(at, 0, ...this.own(element).filter((group) => group.entries.length));
      return plain;
    };
  }

  own(element) {
    const { businessObject: object } = element;
    if (!object || Array.isArray(element)) return [];
    const tag = tagOf(object);
    const fields = fieldsOf(tag).filter((field) => this.applies(field, object, tag));
    const entries = Object.fromEntries(ORDER.map((name) => [name, fields.filter((field) => field.group === name).map((field) => this.attribute(element, object, field))]));
    entries.loop = this.loop(element, object);
    entries.calls = tag === 'callActivity' ? [this.called(element, object)] : [];
    if (timerOf(object)) entries.time = [...timers(element, this.desk), ...entries.time];
    const groups = ORDER.map((name) => group(name, entries[name]));
    return [...this.flow(element, object), ...groups, ...this.mapped(element, tag)];
  }

  applies({ name, group: place }, object, tag) {
    const event = tag.endsWith('Event');
    const waits = (type) => object.eventDefinitions?.some((one) => one.$type === `bpmn:${type}EventDefinition`);
    if (event && place === 'time') return Boolean(timerOf(object));
    if (event && place === 'exchange') return waits('Message');
    if (event && name === 'result') return waits('Message') || waits('Signal');
    return true;
  }

  attribute(element, object, field) {
    const key = `icity:${field.name}`;
    const set = (value) => this.modeling.updateModdleProperties(element, object, { [key]: value });
    return this.entry(element, field.name, field, () => object.get(key), set);
  }

  entry(element, id, field, get, set) {
    const said = { ...field, label: label(field.name), told: label(`${field.name}.told`) };
    return entry({ id, element, field: said, desk: this.desk, get, set });
  }

  // An expression that is a child of `owner`, such as the condition of a flow.
  expression(element, owner, name, field) {
    const set = (body) => {
      const made = body === undefined ? undefined : this.bpmnFactory.create('bpmn:FormalExpression', { body });
      if (made) made.$parent = owner;
      this.modeling.updateModdleProperties(element, owner, { [name]: made });
    };
    return this.entry(element, name, { kind: 'feel', ...field }, () => owner.get(name)?.body, set);
  }

  flow(element, object) {
    if (object.$type !== 'bpmn:SequenceFlow') return [];
    return [group('flow', [this.expression(element, object, 'conditionExpression', { name: 'condition' })])];
  }

  loop(element, object) {
    const loop = object.loopCharacteristics;
    if (!loop) return [];
    if (loop.$type !== 'bpmn:MultiInstanceLoopCharacteristics') return [this.expression(element, loop, 'loopCondition', { name: 'loopCondition' })];
    const own = fieldsOf('multiInstanceLoopCharacteristics').map((field) => this.attribute(element, loop, field));
    const condition = this.expression(element, loop, 'completionCondition', { name: 'completionCondition' });
    return [...own, this.expression(element, loop, 'loopCardinality', { name: 'loopCardinality' }), this.completion(element, condition), condition];
  }

  completion(element, { get, set }) {
    const chosen = () => Object.keys(COMPLETIONS).find((key) => COMPLETIONS[key] === get()) ?? (get() ? 'own' : '');
    const rules = Object.keys(COMPLETIONS).map((key) => ({ id: key, name: label(`completion.${key}`) }));
    const desk = { ...this.desk, catalogue: { rules: [...rules, { id: 'own', name: label('completion.own') }] } };
    const field = { name: 'completion', kind: 'pick', from: 'rules', label: label('completion') };
    const put = (key) => (key === 'own' ? undefined : set(COMPLETIONS[key]));
    return entry({ id: 'completion', element, field, desk, get: () => chosen() || undefined, set: put });
  }

  called(element, object) {
    const set = (value) => this.modeling.updateModdleProperties(element, object, { calledElement: value });
    const field = { name: 'calledElement', kind: 'pick', from: 'processes', opens: true };
    return this.entry(element, 'calledElement', field, () => object.calledElement, set);
  }

  mapped(element, tag) {
    const { businessObject: object } = element;
    const plain = tag.endsWith('Event') && !object.eventDefinitions?.length; // it sends nothing that could hold them
    const inputs = TAKING.has(tag) && !plain ? mappings(element, 'icity:Input', this.known(object, tag, 'inputs'), this.desk) : [];
    const outputs = tag === 'callActivity' ? mappings(element, 'icity:Output', this.known(object, tag, 'outputs'), this.desk) : [];
    return [group('inputs', inputs), group('outputs', outputs)];
  }

  known(object, tag, side) {
    const { operators = [], decisions = [], processes = [] } = this.desk.catalogue;
    const where = { serviceTask: [operators, object.get('icity:operator')], businessRuleTask: [decisions, object.get('icity:decision')], callActivity: [processes, object.calledElement] };
    const [list, id] = where[tag] ?? [[], null];
    return list.find((one) => one.id === id)?.[side] ?? [];
  }
}

Panel.$inject = ['propertiesPanel', 'modeling', 'bpmnFactory', 'desk'];

function group(name, entries) {
  return { id: `icity-${name}`, label: label(`group.${name}`), component: Group, entries, shouldOpen: name === 'people' };
}

/** The panel's provider; the modeler gives it `desk`: {info, catalogue, variables(element)}. */
export default { __init__: ['icityPanel'], icityPanel: ['type', Panel] };
