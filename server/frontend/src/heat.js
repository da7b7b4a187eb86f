// Heat on a diagram: each step shaded by its median working days, with what is open at it.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import './diagram.css';
import './heat.css';
import { data, ready } from './page.js';
import words from './words.js';

const { xml, steps } = data('heat');
const host = document.getElementById('canvas');
const viewer = new NavigatedViewer({ container: host, additionalModules: [words] });
const MARGIN = 0.94;
const LEGIBLE = 0.4;
const NEAR = 0.7;

document.getElementById('zoom-in').addEventListener('click', () => viewer.get('zoomScroll').stepZoom(1));
document.getElementById('zoom-out').addEventListener('click', () => viewer.get('zoomScroll').stepZoom(-1));
document.getElementById('zoom-fit').addEventListener('click', fit);

await viewer.importXML(xml);
for (const step of steps) paint(step);
fit();
if (viewer.get('canvas').zoom() < LEGIBLE) approach();
ready('heat');

function paint({ id, shade, days, open, late, told }) {
  if (!viewer.get('elementRegistry').get(id)) return;
  if (shade) viewer.get('canvas').addMarker(id, `shade-${shade}`);
  if (days) viewer.get('overlays').add(id, { position: { bottom: 9, left: 6 }, html: badge(days, told, 'heat-badge') });
  if (open) viewer.get('overlays').add(id, { position: { top: -10, right: 14 }, html: badge(open, told, `heat-badge is-open${late ? ' is-late' : ''}`) });
}

function badge(text, told, name) {
  return Object.assign(document.createElement('span'), { className: name, textContent: text, title: told });
}

function fit() {
  const canvas = viewer.get('canvas');
  canvas.resized();
  canvas.zoom('fit-viewport', 'auto');
  canvas.zoom(canvas.zoom() * MARGIN, 'auto');
}

// On a narrow screen the whole diagram is too small to read: show the hottest step instead.
function approach() {
  const hottest = steps.reduce((one, other) => (other.shade > one.shade ? other : one), steps[0]);
  const shape = viewer.get('elementRegistry').get(hottest?.id);
  if (!shape) return;
  viewer.get('canvas').zoom(NEAR, { x: shape.x + shape.width / 2, y: shape.y + shape.height / 2 });
  viewer.get('canvas').scrollToElement(shape, 60);
}
