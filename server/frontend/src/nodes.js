/** Return a new element with `properties` set. */
export function node(name, properties) {
  return Object.assign(document.createElement(name), properties);
}
