// Two drawings side by side, what differs marked with a colour, a sign and a word; both move together.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import './compare.css';
import { node } from './nodes.js';
import { data, ready } from './page.js';
import words from './words.js';

const OLD = new Set(['removed', 'changed', 'moved']);
const NEW = new Set(['added', 'changed', 'moved']);
const MARGIN = 0.96;

if (document.getElementById('drawings')) await mount(data('drawings'));
ready('compare');

async function mount({ before, after, fates }) {
  const left = await draw('drawing-before', before, fates, OLD);
  const right = await draw('drawing-after', after, fates, NEW);
  if (left && right) follow(left, right);
  const [first] = [right, left].filter(Boolean);
  if (!first) {
    document.querySelector('.drawing-tools').hidden = true; // nothing to zoom
    return;
  }
  for (const button of document.querySelectorAll('[data-element]')) {
    button.addEventListener('click', () => [left, right].filter(Boolean).forEach((one) => show(one, button.dataset.element)));
  }
  document.getElementById('zoom-in').addEventListener('click', () => first.get('zoomScroll').stepZoom(1));
  document.getElementById('zoom-out').addEventListener('click', () => first.get('zoomScroll').stepZoom(-1));
  document.getElementById('zoom-fit').addEventListener('click', () => first.get('canvas').zoom('fit-viewport', 'auto'));
}

async function draw(id, xml, fates, told) {
  const host = document.getElementById(id);
  if (!xml) return null;
  const viewer = new NavigatedViewer({ container: host, additionalModules: [words] });
  try {
    await viewer.importXML(xml);
  } catch {
    host.replaceChildren(node('p', { className: 'quiet', textContent: host.dataset.unreadable }));
    return null;
  }
  const canvas = viewer.get('canvas');
  for (const [element, fate] of Object.entries(fates)) if (told.has(fate.what)) mark(viewer, element, fate);
  canvas.zoom('fit-viewport', 'auto');
  canvas.zoom(canvas.zoom() * MARGIN);
  return viewer;
}

function mark(viewer, element, { what, sign, word, text }) {
  const shape = viewer.get('elementRegistry').get(element);
  if (!shape) return;
  viewer.get('canvas').addMarker(element, `is-${what}`);
  if (shape.waypoints) return;
  const html = node('span', { className: `fate fate-${what}`, textContent: `${sign} ${word}`, title: text });
  viewer.get('overlays').add(element, { position: { top: -10, left: 0 }, html, scale: { min: 0.7 } });
}

/** Let both drawings show the same part of the plane; whichever is moved leads. */
function follow(left, right) {
  let leading = false;
  for (const [one, other] of [[left, right], [right, left]]) {
    one.on('canvas.viewbox.changed', ({ viewbox }) => {
      if (leading) return;
      leading = true;
      const { x, y, width, height } = viewbox;
      other.get('canvas').viewbox({ x, y, width, height });
      leading = false;
    });
  }
}

function show(viewer, element) {
  const shape = viewer.get('elementRegistry').get(element);
  if (!shape) return;
  const canvas = viewer.get('canvas');
  for (const old of viewer.get('elementRegistry').filter((one) => canvas.hasMarker(one, 'is-shown'))) canvas.removeMarker(old, 'is-shown');
  canvas.addMarker(element, 'is-shown');
  canvas.scrollToElement(shape);
}
