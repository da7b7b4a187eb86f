// The live diagram of an instance: done and current steps marked, called processes one click away.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import './diagram.css';
import { data, ready } from './page.js';
import words from './words.js';

const { processes, first, texts } = data('diagram');
const host = document.getElementById('canvas');
const trail = document.getElementById('trail');
const viewer = new NavigatedViewer({ container: host, additionalModules: [words] });
const path = [];
const MARGIN = 0.94;
const LEGIBLE = 0.4;
const NEAR = 0.7;

document.getElementById('zoom-in').addEventListener('click', () => viewer.get('zoomScroll').stepZoom(1));
document.getElementById('zoom-out').addEventListener('click', () => viewer.get('zoomScroll').stepZoom(-1));
document.getElementById('zoom-fit').addEventListener('click', fit);

await enter(first);
ready('diagram');

async function enter(id) {
  const known = path.indexOf(id);
  path.splice(known < 0 ? path.length : known, path.length, id);
  const process = find(id);
  const { warnings } = await viewer.importXML(process.xml);
  document.documentElement.dataset.warnings = warnings.length;
  mark(process);
  link();
  fit();
  if (viewer.get('canvas').zoom() < LEGIBLE) approach(process);
  drawTrail();
}

function mark({ done, current }) {
  const canvas = viewer.get('canvas');
  const registry = viewer.get('elementRegistry');
  for (const id of done) if (registry.get(id) && !current.includes(id)) canvas.addMarker(id, 'is-done');
  for (const id of current) {
    const shape = registry.get(id);
    if (shape) canvas.addMarker(id, shape.children?.length ? 'is-current-frame' : 'is-current');
  }
}

function link() {
  viewer.get('elementRegistry').forEach(({ id, businessObject }) => {
    const called = businessObject?.calledElement;
    if (!called || !find(called)) return;
    viewer.get('overlays').add(id, { position: { bottom: 12, right: 12 }, html: entrance(called) });
  });
}

function entrance(called) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'open-called';
  button.textContent = `${texts.open} ▸`;
  button.setAttribute('aria-label', `${texts.open}: ${find(called).name}`);
  button.addEventListener('click', () => enter(called));
  return button;
}

function drawTrail() {
  const steps = path.map((id, index) => (index === path.length - 1 ? here(id) : back(id)));
  trail.replaceChildren(...steps);
}

function here(id) {
  const item = document.createElement('li');
  item.className = 'breadcrumb-item active';
  item.setAttribute('aria-current', 'location');
  item.textContent = find(id).name;
  return item;
}

function back(id) {
  const item = document.createElement('li');
  item.className = 'breadcrumb-item';
  const button = Object.assign(document.createElement('button'), { type: 'button', className: 'trail-step' });
  button.textContent = find(id).name;
  button.addEventListener('click', () => enter(id));
  item.append(button);
  return item;
}

function fit() {
  const canvas = viewer.get('canvas');
  canvas.resized();
  canvas.zoom('fit-viewport', 'auto');
  canvas.zoom(canvas.zoom() * MARGIN, 'auto');
}

// On a narrow screen the whole diagram is too small to read: show where things stand instead.
function approach({ current, done }) {
  const shapes = [...current, ...done].map((id) => viewer.get('elementRegistry').get(id));
  const shape = shapes.find((one) => one && !one.children?.length);
  if (!shape) return;
  viewer.get('canvas').zoom(NEAR, { x: shape.x + shape.width / 2, y: shape.y + shape.height / 2 });
  viewer.get('canvas').scrollToElement(shape, 60);
}

function find(id) {
  return processes.find((process) => process.id === id);
}
