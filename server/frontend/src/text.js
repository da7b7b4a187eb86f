// A file that has no editor of its own - a template, a scenario, programme.toml - as plain text.
import { Draft } from './studio/draft.js';
import { mountBench, showTrouble } from './studio/bench.js';
import './studio/text.css';

const area = document.getElementById('text');
const draft = new Draft();
mountBench(draft, { pick: () => area.focus() });
draft.on('taken', (content) => {
  area.value = content;
});
try {
  area.value = await draft.load();
  area.disabled = false;
  area.readOnly = draft.readonly;
  area.addEventListener('input', () => draft.changed(() => area.value));
} catch (fault) {
  showTrouble(fault.message);
}
