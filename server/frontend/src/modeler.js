// The modeler of the studio: bpmn-js, the engine's own properties, findings at the elements, drafts that save themselves.
import Modeler from 'bpmn-js/lib/Modeler';
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import { BpmnPropertiesPanelModule, BpmnPropertiesProviderModule } from 'bpmn-js-properties-panel';
import { FeelPopupModule } from '@bpmn-io/properties-panel';
import minimap from 'diagram-js-minimap';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn.css';
import '@bpmn-io/properties-panel/dist/assets/properties-panel.css';
import 'diagram-js-minimap/assets/diagram-js-minimap.css';
import './studio/modeler.css';
import { data, ready } from './page.js';
import { mountBench } from './studio/bench.js';
import canvasWords from './studio/canvas_words.js';
import { changesBetween } from './studio/changes.js';
import clip from './studio/clip.js';
import { Draft } from './studio/draft.js';
import { mountFacts } from './studio/facts.js';
import { descriptor } from './studio/icity.js';
import inserting from './studio/inserting.js';
import { markFindings, pickElement } from './studio/marks.js';
import { open } from './studio/opening.js';
import naming from './studio/naming.js';
import panel from './studio/panel.js';
import { fetched } from './studio/catalogue.js';
import { mountTools } from './studio/tools.js';
import { variablesOf } from './studio/variables.js';

const info = data('studio-data');
const draft = new Draft(info);
const desk = { info, catalogue: {}, variables: () => variablesOf(modeler.get('elementRegistry'), desk.catalogue) };
const modeler = info.readonly ? viewer() : editor();
let findings = [];

mountBench(draft, {
  pick: ({ element }) => pickElement(modeler, element),
  compare: (before, after) => changesBetween(before, after, modeler.get('moddle')),
});
draft.on('findings', (found) => {
  findings = found ?? [];
  markFindings(modeler, findings, info.path);
});
draft.on('taken', (xml) => show(xml));

const [content, catalogue] = await Promise.all([draft.load().catch((fault) => fault), fetched(info.catalogue)]);
desk.catalogue = catalogue;
if (content instanceof Error) document.getElementById('bench-state').textContent = content.message;
else await show(content);
if (!info.readonly) modeler.on('commandStack.changed', ({ trigger }) => trigger !== 'clear' && draft.changed(written));
mountTools(modeler, info, async (xml) => {
  await show(xml);
  draft.changed(written);
});
if (info.readonly) mountFacts(modeler, document.getElementById('panel'), desk);
pickElement(modeler, decodeURIComponent(location.hash.slice(1)));
ready('modeler');

async function show(xml) {
  const changed = await open(modeler, xml, !info.readonly);
  if (changed) draft.changed(written);
  markFindings(modeler, findings, info.path);
}

async function written() {
  return (await modeler.saveXML({ format: true })).xml;
}

function editor() {
  return new Modeler({
    container: '#canvas',
    propertiesPanel: { parent: '#panel' },
    moddleExtensions: { icity: descriptor },
    additionalModules: [
      BpmnPropertiesPanelModule,
      BpmnPropertiesProviderModule,
      FeelPopupModule,
      panel,
      clip,
      inserting,
      naming,
      minimap,
      canvasWords,
      { desk: ['value', desk] },
    ],
  });
}

function viewer() {
  return new NavigatedViewer({ container: '#canvas', moddleExtensions: { icity: descriptor }, additionalModules: [canvasWords, minimap] });
}
