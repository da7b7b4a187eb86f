// The engine's own attributes as moddle knows them, so that they are read, copied, undone and written like any other.
import fields from './fields.json';

const text = (name) => ({ name, isAttr: true, type: 'String' });
const mapping = (name) => ({ name, superClass: ['Element'], properties: [text('name'), text('value')] });

/** The moddle descriptor of `urn:icity:bpmn:1`. */
export const descriptor = {
  name: 'icity',
  uri: 'urn:icity:bpmn:1',
  prefix: 'icity',
  xml: { tagAlias: 'lowerCase' },
  associations: [],
  types: [
    { name: 'Own', isAbstract: true, extends: ['bpmn:BaseElement'], properties: fields.map(({ name }) => text(name)) },
    mapping('Input'),
    mapping('Output'),
  ],
};

/** Return the fields that the engine reads on an element with the BPMN tag `tag`, in the order they are shown. */
export function fieldsOf(tag) {
  return fields.filter((field) => field.on.includes(tag));
}

/** Return the tag of a business object: bpmn:UserTask is userTask. */
export function tagOf(object) {
  const name = object.$type.slice(object.$type.indexOf(':') + 1);
  return name[0].toLowerCase() + name.slice(1);
}
