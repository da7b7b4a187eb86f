// The time machine and the paint of scenarios on a diagram: tokens that move a step at a time, or how often each
// element was passed.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import '@bpmn-io/form-js-viewer/dist/assets/form-js.css';
import './machine.css';
import './form.css';
import { data, ready } from './page.js';
import words from './words.js';

const { processes, steps = [], painted, first } = data('machine');
const host = document.getElementById('canvas');
const viewer = new NavigatedViewer({ container: host, additionalModules: [words] });
const range = document.getElementById('play-at');
const told = document.getElementById('play-told');
const button = document.getElementById('play');
const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
const MARGIN = 0.94;
const LEGIBLE = 0.4;
const NEAR = 0.7;
const PACE = calm ? 1200 : 650;
const TRAVEL = 420;
const SVG = 'http://www.w3.org/2000/svg';
let shown = null;
let at = 0;
let timer = null;
let turn = Promise.resolve();

document.getElementById('zoom-in').addEventListener('click', () => viewer.get('zoomScroll').stepZoom(1));
document.getElementById('zoom-out').addEventListener('click', () => viewer.get('zoomScroll').stepZoom(-1));
document.getElementById('zoom-fit').addEventListener('click', fit);

if (processes.length) {
  await draw(first);
  if (painted) paint();
  else mountPlayer();
}
mountForms();
ready('machine');

async function draw(id) {
  if (shown === id) return;
  const process = processes.find((one) => one.id === id);
  if (!process) return;
  shown = id;
  try {
    await viewer.importXML(process.xml);
    fit();
  } catch {
    told?.replaceChildren(host.dataset.unreadable); // drawn without places: what happens is still told in words
  }
}

function paint() {
  const canvas = viewer.get('canvas');
  const registry = viewer.get('elementRegistry');
  const never = [];
  for (const [id, times] of Object.entries(painted)) {
    const shape = registry.get(id);
    if (!shape) continue;
    canvas.addMarker(id, times ? 'is-done' : 'is-never');
    if (!times) never.push(shape);
    if (!shape.waypoints) badge(id, times || host.dataset.never, times ? '' : ' is-never');
  }
  if (canvas.zoom() < LEGIBLE) approach(never.find((one) => !one.waypoints) ?? registry.find((one) => painted[one.id] && !one.waypoints));
}

function badge(id, text, extra) {
  const html = Object.assign(document.createElement('span'), { className: `machine-count${extra}`, textContent: text });
  viewer.get('overlays').add(id, { position: { top: -9, right: 14 }, html });
}

function mountPlayer() {
  range.max = steps.length;
  range.addEventListener('input', () => {
    pause();
    queue(() => show(Number(range.value)));
  });
  document.getElementById('play-step').addEventListener('click', () => go(1));
  document.getElementById('play-back').addEventListener('click', () => go(-1));
  const plain = button.textContent;
  button.dataset.play = plain;
  button.addEventListener('click', () => (timer ? pause() : play()));
  queue(() => show(steps.length));
}

function go(by) {
  pause();
  queue(() => show(at + by, by > 0));
}

function play() {
  if (at >= steps.length) at = 0;
  button.textContent = button.dataset.pause;
  timer = setInterval(() => {
    if (at >= steps.length) pause();
    else queue(() => show(at + 1, true));
  }, PACE);
}

function pause() {
  clearInterval(timer);
  timer = null;
  button.textContent = button.dataset.play;
}

// One after the other: a diagram may have to be opened before a step can be shown.
function queue(act) {
  turn = turn.then(act, act);
  return turn;
}

/** Show the state after the first `n` steps; let the token of the last one travel when `moving`. */
async function show(n, moving = false) {
  at = Math.max(0, Math.min(n, steps.length));
  range.value = at;
  const last = steps[at - 1];
  const process = last?.process ?? first;
  await draw(process);
  mark(steps.slice(0, at).filter((one) => one.process === process));
  if (!last) {
    told.textContent = '';
    return;
  }
  const shape = viewer.get('elementRegistry').get(last.element);
  told.textContent = `${at} / ${steps.length} · ${last.at} · ${nameOf(process)} · ${shape?.businessObject?.name ?? ''}`;
  if (shape && viewer.get('canvas').zoom() < LEGIBLE) approach(shape);
  if (shape && moving && !calm && last.event === 'entered') await travel(shape);
}

function mark(passed) {
  const canvas = viewer.get('canvas');
  const standing = new Map();
  const done = new Set();
  for (const { element, event } of passed) {
    standing.set(element, Math.max(0, (standing.get(element) ?? 0) + (event === 'entered' ? 1 : -1)));
    if (event !== 'entered') done.add(element);
  }
  viewer.get('elementRegistry').forEach(({ id, children }) => {
    canvas.removeMarker(id, 'is-done');
    canvas.removeMarker(id, 'is-current');
    canvas.removeMarker(id, 'is-current-frame');
    if (standing.get(id)) canvas.addMarker(id, children?.length ? 'is-current-frame' : 'is-current');
    else if (done.has(id)) canvas.addMarker(id, 'is-done');
  });
}

/** Let a dot run along the flow by which the token came. */
function travel(shape) {
  const before = steps.slice(0, at - 1).reverse().find((one) => one.event === 'completed' && one.process === shown);
  const flow = (shape.incoming ?? []).find((one) => one.source?.id === before?.element);
  if (!flow?.waypoints) return Promise.resolve();
  const dot = document.createElementNS(SVG, 'circle');
  dot.setAttribute('class', 'machine-token');
  dot.setAttribute('r', '7');
  viewer.get('canvas').getLayer('tokens', 10).append(dot);
  const begun = performance.now();
  return new Promise((resolve) => {
    const frame = (now) => {
      const share = Math.min(1, (now - begun) / TRAVEL);
      const { x, y } = along(flow.waypoints, share);
      dot.setAttribute('cx', x);
      dot.setAttribute('cy', y);
      if (share < 1) requestAnimationFrame(frame);
      else {
        dot.remove();
        resolve();
      }
    };
    requestAnimationFrame(frame);
  });
}

function along(points, share) {
  const lengths = points.slice(1).map((point, n) => Math.hypot(point.x - points[n].x, point.y - points[n].y));
  let left = share * lengths.reduce((sum, one) => sum + one, 0);
  for (const [n, length] of lengths.entries()) {
    if (left <= length && length) {
      const part = left / length;
      return { x: points[n].x + (points[n + 1].x - points[n].x) * part, y: points[n].y + (points[n + 1].y - points[n].y) * part };
    }
    left -= length;
  }
  return points[points.length - 1];
}

function nameOf(id) {
  return processes.find((one) => one.id === id)?.name ?? '';
}

function fit() {
  const canvas = viewer.get('canvas');
  canvas.resized();
  canvas.zoom('fit-viewport', 'auto');
  canvas.zoom(canvas.zoom() * MARGIN, 'auto');
}

// On a narrow screen the whole diagram is too small to read: show where things stand instead.
function approach(shape) {
  if (!shape) return;
  viewer.get('canvas').zoom(NEAR, { x: shape.x + shape.width / 2, y: shape.y + shape.height / 2 });
  viewer.get('canvas').scrollToElement(shape, 60);
}

/** Show the form of a task when it is opened; its answers go back with the play. */
function mountForms() {
  const asked = document.getElementById('machine-forms');
  if (!asked) return;
  const tasks = JSON.parse(asked.textContent);
  for (const details of document.querySelectorAll('.machine-task')) {
    details.addEventListener('toggle', () => open(details, tasks[details.dataset.task]), { once: true });
  }
}

async function open(details, { schema, values }) {
  const form = details.querySelector('form');
  const filled = details.querySelector('.machine-filled');
  filled.hidden = false;
  if (!schema) {
    filled.addEventListener('click', () => (form.elements.answers.value = '{}'));
    return;
  }
  const [{ Form }, { default: refusals }] = await Promise.all([import('@bpmn-io/form-js-viewer'), import('./refusals.js')]);
  const view = new Form({ container: details.querySelector('.machine-form'), additionalModules: [words, refusals] });
  await view.importSchema(schema, values);
  filled.addEventListener('click', (event) => {
    const { data: answers, errors } = view.submit();
    if (Object.keys(errors).length) event.preventDefault();
    else form.elements.answers.value = JSON.stringify(answers);
  });
  details.dataset.ready = 'form';
}
