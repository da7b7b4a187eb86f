// The buttons above the canvas: undo, redo, zoom, search, the drawer of properties, and a choice among several drawings.
import { chinese } from '../page.js';
import { node } from '../nodes.js';
import { lacking, laidOut } from './layout.js';
import { fit } from './opening.js';

const words = {
  zh: { undo: '撤销', redo: '重做', out: '缩小', in: '放大', fit: '适应窗口', find: '查找', panel: '属性', which: '图', arrange: '补全布局' },
  en: { undo: 'Undo', redo: 'Redo', out: 'Zoom out', in: 'Zoom in', fit: 'Fit', find: 'Find', panel: 'Properties', which: 'Drawing', arrange: 'Lay out anew' },
}[chinese() ? 'zh' : 'en'];

/** Put the tools of `modeler` into the bar of the page; `reshow(xml)` shows a drawing that was made anew. */
export function mountTools(modeler, { readonly }, reshow) {
  new ResizeObserver(() => modeler.get('canvas').resized()).observe(document.getElementById('canvas'));
  if (!readonly) searchFromAnywhere(modeler);
  const bar = document.getElementById('tools');
  const stack = modeler.get('commandStack', false);
  if (!readonly) bar.append(...steps(modeler, stack));
  bar.append(
    button('out', () => modeler.get('zoomScroll').stepZoom(-1), '−'),
    button('in', () => modeler.get('zoomScroll').stepZoom(1), '+'),
    button('fit', () => fit(modeler)),
  );
  if (!readonly) bar.append(button('find', () => modeler.get('searchPad').toggle()));
  bar.append(drawer());
  if (choices(modeler).length > 1) bar.append(chooser(modeler));
  if (!readonly && lacking(modeler.getDefinitions() ?? { rootElements: [] }) === 'some') bar.append(arranging(modeler, reshow));
}

// On the canvas the library hears Ctrl+F itself; in a field the browser's own search is meant.
function searchFromAnywhere(modeler) {
  // The search listens to keys; a word chosen from an input method with the mouse presses none.
  document.getElementById('canvas').addEventListener('input', ({ target }) => {
    if (target.closest('.djs-search-input')) target.dispatchEvent(new KeyboardEvent('keyup', { bubbles: true, key: 'Unidentified' }));
  });
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest('input, textarea, select, [contenteditable], #canvas');
    if (typing || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'f') return;
    event.preventDefault();
    modeler.get('searchPad').toggle();
  });
}

function steps(modeler, stack) {
  const undo = button('undo', () => stack.undo());
  const redo = button('redo', () => stack.redo());
  const show = () => {
    undo.disabled = !stack.canUndo();
    redo.disabled = !stack.canRedo();
  };
  modeler.on(['commandStack.changed', 'import.done'], show);
  show();
  return [undo, redo];
}

function drawer() {
  const panel = document.getElementById('panel');
  const made = button('panel', () => made.setAttribute('aria-expanded', String(panel.classList.toggle('is-open'))));
  made.className = 'only-narrow';
  made.setAttribute('aria-controls', panel.id);
  made.setAttribute('aria-expanded', 'false');
  return made;
}

// A file may hold several drawings; those of sub-processes are entered from their shapes.
function choices(modeler) {
  const drawings = modeler.getDefinitions()?.diagrams ?? [];
  return drawings.filter(({ plane }) => ['bpmn:Process', 'bpmn:Collaboration'].includes(plane?.bpmnElement?.$type));
}

function chooser(modeler) {
  const list = node('select', { id: 'drawing' });
  list.setAttribute('aria-label', words.which);
  list.append(...choices(modeler).map(({ id, plane }) => node('option', { value: id, textContent: plane.bpmnElement.name || plane.bpmnElement.id })));
  list.addEventListener('change', async () => {
    await modeler.open(list.value);
    fit(modeler);
  });
  return list;
}

function arranging(modeler, reshow) {
  const made = button('arrange', async () => {
    const { xml } = await modeler.saveXML();
    await reshow(await laidOut(xml, modeler.get('moddle')));
    made.remove();
  });
  return made;
}

function button(key, act, textContent = words[key]) {
  const made = node('button', { type: 'button', textContent, id: `tool-${key}` });
  made.setAttribute('aria-label', words[key]);
  made.addEventListener('click', act);
  return made;
}
