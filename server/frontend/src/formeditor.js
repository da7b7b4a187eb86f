// The editor of forms, with a preview that shows a form as each of those who see it, and what the server would take.
import './studio/form_speaking.js';
import { FormEditor } from '@bpmn-io/form-js-editor';
import '@bpmn-io/form-js-viewer/dist/assets/form-js.css';
import '@bpmn-io/form-js-editor/dist/assets/form-js-editor.css';
import '@bpmn-io/form-js-editor/dist/assets/properties-panel.css';
import './form.css';
import './studio/formeditor.css';
import { ready } from './page.js';
import { clearTrouble, mountBench, showTrouble } from './studio/bench.js';
import { Draft } from './studio/draft.js';
import { teller } from './studio/teller.js';

const tell = teller({
  zh: { unreadable: '这份表单无法显示：有不支持的组件，或内容已损坏。请看下方的检查结果。' },
  en: { unreadable: 'This form cannot be shown: a component is not supported, or it is damaged. See the findings below.' },
});
const draft = new Draft();
const [host, preview] = ['formeditor', 'preview'].map((id) => document.getElementById(id));
const [designs, previews] = ['show-design', 'show-preview'].map((id) => document.getElementById(id));
const [undo, redo] = ['undo', 'redo'].map((action) => document.getElementById(action));
const editor = draft.readonly ? null : new FormEditor({ container: host });
let written = await draft.load();
let silent = false;

mountBench(draft, { pick: ({ element }) => select(element), compare });
draft.on('taken', open);
designs.addEventListener('click', () => turn(false));
previews.addEventListener('click', () => turn(true));
editor?.on('changed', () => {
  [undo.disabled, redo.disabled] = ['canUndo', 'canRedo'].map((able) => !editor.get('commandStack')[able]());
  if (!silent) draft.changed(content);
});
for (const [button, action] of [[undo, 'undo'], [redo, 'redo']]) {
  button.addEventListener('click', () => editor.get('commandStack')[action]());
  button.hidden = designs.hidden = draft.readonly;
}
await open(written);
if (draft.readonly) await turn(true);
ready('formeditor');

async function open(content) {
  written = content;
  silent = true;
  try {
    await editor?.importSchema(JSON.parse(content));
    clearTrouble();
  } catch {
    showTrouble(tell('unreadable'));
  } finally {
    silent = false;
  }
}

/** Tell what differs between two contents; what asks is only fetched when two people have written. */
async function compare(before, after) {
  return (await import('./studio/doors.js')).differing(draft)(before, after);
}

function content() {
  return `${JSON.stringify(editor.saveSchema(), null, 2)}\n`;
}

async function turn(previewing) {
  designs.setAttribute('aria-pressed', String(!previewing));
  previews.setAttribute('aria-pressed', String(previewing));
  host.hidden = previewing;
  preview.hidden = !previewing;
  if (!previewing) return;
  const { showPreview } = await import('./studio/form_preview.js');
  await showPreview(preview, draft, editor && draft.getContent ? content() : written);
}

/** Select the field of a finding: by its key or path, else by its id. */
function select(element) {
  if (!editor) return;
  turn(false);
  const field = editor.get('formFieldRegistry').getAll().find((one) => [one.key, one.path, one.id].includes(element));
  if (field) editor.get('selection').set(field);
}
