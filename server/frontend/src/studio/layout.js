// Coordinates for files that have none: each process is laid out by itself, then pools are stacked.
import { layoutProcess } from 'bpmn-auto-layout';
import { around, messageEdges, plane, shifted, stacked } from './pools.js';

const GAP = 80;

/** Return how much of the drawing `definitions` (moddle) lacks: 'nothing', 'some' or 'all' of its nodes. */
export function lacking(definitions) {
  const drawn = new Set((definitions.diagrams ?? []).flatMap((one) => one.plane?.planeElement ?? []).map((one) => one.bpmnElement?.id));
  const nodes = processes(definitions).flatMap(nodesOf);
  const bare = nodes.filter((node) => !drawn.has(node.id));
  if (!bare.length) return 'nothing';
  return bare.length === nodes.length ? 'all' : 'some';
}

/** Return the XML of the file with a drawing made anew; `moddle` reads and writes it. Files of several processes too. */
export async function laidOut(xml, moddle) {
  const { rootElement: definitions } = await moddle.fromXML(xml);
  const collaboration = definitions.rootElements.find((one) => one.$type === 'bpmn:Collaboration');
  const drawings = new Map();
  for (const process of processes(definitions)) drawings.set(process.id, await drawing(xml, process.id, moddle));
  const inner = planesWithin(drawings);
  definitions.diagrams = [
    ...(collaboration ? [pooled(collaboration, drawings, moddle)] : [...drawings.values()].map(({ top }) => top)),
    ...inner,
  ];
  link(definitions);
  return (await moddle.toXML(definitions, { format: true })).xml;
}

function processes(definitions) {
  return definitions.rootElements.filter((one) => one.$type === 'bpmn:Process' && one.flowElements?.length);
}

function nodesOf(scope) {
  // what is inside a sub-process may be hidden with it, and is not asked for
  return (scope.flowElements ?? []).filter((one) => one.$instanceOf('bpmn:FlowNode'));
}

// bpmn-auto-layout draws the first process of a file; so each is given to it in a file of its own.
async function drawing(xml, id, moddle) {
  const { rootElement: alone } = await moddle.fromXML(xml);
  alone.rootElements = alone.rootElements.filter((one) => one.$type !== 'bpmn:Collaboration' && (one.$type !== 'bpmn:Process' || one.id === id));
  alone.diagrams = [];
  for (const process of processes(alone)) joined(process);
  const { rootElement: drawn } = await moddle.fromXML(await layoutProcess((await moddle.toXML(alone)).xml));
  const top = drawn.diagrams.find((one) => one.plane.bpmnElement?.id === id) ?? drawn.diagrams[0];
  loose(drawn, id, top, moddle);
  return { top, others: drawn.diagrams.filter((one) => one !== top) };
}

// Other tools may leave out at a node which flows come and go, which the layout follows.
function joined(scope) {
  for (const one of scope.flowElements ?? []) {
    if (one.$type === 'bpmn:SequenceFlow') {
      add(one.sourceRef, 'outgoing', one);
      add(one.targetRef, 'incoming', one);
    } else if (one.flowElements) joined(one);
  }
}

function add(node, name, flow) {
  if (node && !node.get(name).includes(flow)) node.get(name).push(flow);
}

// Notes and data that were left without a place stand in a row below.
function loose(drawn, id, top, moddle) {
  const process = drawn.rootElements.find((one) => one.id === id);
  const places = top.plane.planeElement;
  const known = new Set(places.map((one) => one.bpmnElement?.id));
  const bare = [...(process.artifacts ?? []), ...(process.flowElements ?? [])].filter((one) => wantsPlace(one) && !known.has(one.id));
  const box = around(places);
  bare.forEach((one, index) => {
    const bounds = moddle.create('dc:Bounds', { x: box.x + index * 130, y: box.y + box.height + 40, width: one.$type === 'bpmn:TextAnnotation' ? 110 : 50, height: 50 });
    places.push(moddle.create('bpmndi:BPMNShape', { id: `${one.id}_di`, bpmnElement: one, bounds }));
  });
}

function wantsPlace({ $type }) {
  return ['bpmn:TextAnnotation', 'bpmn:DataObjectReference', 'bpmn:DataStoreReference'].includes($type);
}

function planesWithin(drawings) {
  return [...drawings.values()].flatMap(({ others }) => others);
}

function pooled(collaboration, drawings, moddle) {
  const elements = [];
  let y = GAP;
  for (const participant of collaboration.participants ?? []) {
    const found = drawings.get(participant.processRef?.id);
    const places = found ? found.top.plane.planeElement : [];
    const pool = stacked(participant, places, y, moddle);
    elements.push(pool, ...shifted(places, pool.moved));
    y = pool.bounds.y + pool.bounds.height + GAP;
  }
  elements.push(...messageEdges(collaboration, elements, moddle));
  return plane(collaboration, elements, moddle);
}

// What the drawings refer to were elements of other readings of the file; now they are those of this one.
function link(definitions) {
  const known = new Map();
  collect(definitions, known, new Set());
  for (const diagram of definitions.diagrams) {
    diagram.$parent = definitions;
    const { plane: sheet } = diagram;
    sheet.bpmnElement = known.get(sheet.bpmnElement.id) ?? sheet.bpmnElement;
    for (const one of sheet.planeElement) one.bpmnElement = known.get(one.bpmnElement?.id) ?? one.bpmnElement;
  }
}

function collect(element, known, seen) {
  if (!element || seen.has(element)) return;
  seen.add(element);
  if (element.id) known.set(element.id, element);
  for (const name of ['rootElements', 'flowElements', 'artifacts', 'participants', 'messageFlows']) {
    for (const child of element[name] ?? []) collect(child, known, seen);
  }
}
