// A form is written in Chinese; each of its components may carry its English beside it, as the property `en`.

/** Return `schema` with the English of each component in place of its Chinese, where it has any. */
export function inEnglish(schema) {
  return { ...schema, components: schema.components?.map(component) };
}

function component(given) {
  const own = { ...given, ...(given.components && { components: given.components.map(component) }) };
  const english = given.properties?.en;
  if (!english) return own;
  if (given.type === 'text') return { ...own, text: english };
  if (given.type === 'datetime') return { ...own, dateLabel: english };
  return { ...own, label: english };
}
