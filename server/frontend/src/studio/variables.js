// Which variables an expression may name: the answers of the diagram's steps, and what steps keep as their results.
const ALWAYS = ['nrOfInstances', 'nrOfActiveInstances', 'nrOfCompletedInstances', 'loopCounter'];

/** Return [{name, detail, from}] of what the steps of the diagram give; `from` names a step whose form has the field. */
export function variablesOf(registry, catalogue) {
  const found = new Map();
  const put = (name, told) => name && !found.has(name) && found.set(name, { name, ...told });
  registry.forEach(({ businessObject: object, labelTarget }) => {
    if (!object || labelTarget) return;
    const result = object.get?.('icity:result');
    const fields = catalogue.forms?.find((one) => one.id === object.get?.('icity:form'))?.fields ?? [];
    for (const { id, name } of fields) put(result ? `${result}.${id}` : id, { detail: name, from: object.name });
    put(result, { detail: object.name });
    for (const { $type, name } of object.extensionElements?.get('values') ?? []) if ($type === 'icity:Output') put(name, { detail: object.name });
    if (object.loopCharacteristics) {
      put(object.loopCharacteristics.get('icity:elementVariable'), { detail: object.name });
      put(object.loopCharacteristics.get('icity:outputCollection'), { detail: object.name });
      for (const name of ALWAYS) put(name, {});
    }
  });
  for (const { id, name } of catalogue.variables ?? []) put(id, { detail: name });
  return [...found.values()];
}
