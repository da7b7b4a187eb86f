// Findings where they are: a badge with their number at each element, and the way from the list to the element.
import { node } from '../nodes.js';
import { say } from './words.js';

const KIND = 'icity-finding';

/** Show at the elements of `modeler` those of `findings` that are of the file `path`. */
export function markFindings(modeler, findings, path) {
  const [overlays, registry] = [modeler.get('overlays'), modeler.get('elementRegistry')];
  overlays.remove({ type: KIND });
  const here = (findings ?? []).filter((one) => one.file === path && registry.get(one.element)?.parent);
  for (const [id, some] of Object.entries(Object.groupBy(here, (one) => one.element))) {
    overlays.add(id, KIND, { position: place(registry.get(id)), html: badge(some, () => pickElement(modeler, id)) });
  }
}

/** Select the element `id` and bring it into sight. */
export function pickElement(modeler, id) {
  const shape = modeler.get('elementRegistry').get(id);
  if (!shape?.parent) return false;
  modeler.get('canvas').scrollToElement(shape, 120);
  modeler.get('selection', false)?.select(shape);
  return true;
}

function place(shape) {
  if (!shape.waypoints) return { top: -12, left: -12 };
  const middle = Math.floor((shape.waypoints.length - 1) / 2);
  const [one, next] = shape.waypoints.slice(middle);
  const corner = (axis) => Math.min(...shape.waypoints.map((point) => point[axis]));
  return { top: (one.y + next.y) / 2 - corner('y') - 11, left: (one.x + next.x) / 2 - corner('x') - 11 };
}

function badge(some, act) {
  const severe = some.some((one) => one.severity === 'error') ? 'error' : 'warning';
  const title = some.map((one) => `${say(one.severity)}：${one.text}`).join('\n');
  const button = node('button', { type: 'button', className: `finding finding-${severe}`, textContent: some.length, title });
  button.setAttribute('aria-label', title);
  button.addEventListener('click', act);
  return button;
}
