// Where pools and the messages between them stand in a drawing that is made anew.
const LABEL = 30; // the strip with the name of a pool
const PADDING = 40;
const EMPTY = { x: 0, y: 0, width: 600, height: 20 };

/** Return the box around shapes and edges of a drawing. */
export function around(places) {
  const boxes = places.flatMap((one) => (one.bounds ? [one.bounds] : (one.waypoint ?? []).map(({ x, y }) => ({ x, y, width: 0, height: 0 }))));
  if (!boxes.length) return { ...EMPTY };
  const [x, y] = [Math.min(...boxes.map((one) => one.x)), Math.min(...boxes.map((one) => one.y))];
  const right = Math.max(...boxes.map((one) => one.x + one.width));
  const bottom = Math.max(...boxes.map((one) => one.y + one.height));
  return { x, y, width: right - x, height: bottom - y };
}

/** Return the shape of a pool around `places` that begins at height `y`; its `moved` tells how far these must go. */
export function stacked(participant, places, y, moddle) {
  const box = around(places);
  const bounds = moddle.create('dc:Bounds', { x: PADDING, y, width: box.width + LABEL + 2 * PADDING, height: box.height + 2 * PADDING });
  const shape = moddle.create('bpmndi:BPMNShape', { id: `${participant.id}_di`, bpmnElement: participant, isHorizontal: true, bounds });
  const moved = { x: bounds.x + LABEL + PADDING - box.x, y: y + PADDING - box.y };
  Object.defineProperty(shape, 'moved', { value: moved });
  return shape;
}

/** Return the shapes and edges, moved by {x, y}, labels with them. */
export function shifted(places, { x, y }) {
  for (const one of places) {
    for (const spot of [one.bounds, one.label?.bounds, ...(one.waypoint ?? [])].filter(Boolean)) {
      spot.x += x;
      spot.y += y;
    }
  }
  return places;
}

/** Return a straight edge for each message flow of a collaboration. */
export function messageEdges(collaboration, elements, moddle) {
  const box = (id) => elements.find((one) => one.bounds && one.bpmnElement?.id === id)?.bounds;
  return (collaboration.messageFlows ?? []).flatMap((flow) => {
    const [from, to] = [box(flow.sourceRef?.id), box(flow.targetRef?.id)];
    if (!from || !to) return [];
    const down = from.y < to.y;
    const side = (bounds, low) => ({ x: bounds.x + bounds.width / 2, y: low ? bounds.y + bounds.height : bounds.y });
    const [begin, end] = [side(from, down), side(to, !down)];
    const lane = between(elements, down ? end : begin); // it turns where no pool is
    const waypoint = [begin, { x: begin.x, y: lane }, { x: end.x, y: lane }, end].map((one) => moddle.create('dc:Point', one));
    return [moddle.create('bpmndi:BPMNEdge', { id: `${flow.id}_di`, bpmnElement: flow, waypoint })];
  });
}

function between(elements, { y }) {
  const tops = elements.filter((one) => one.bpmnElement?.$type === 'bpmn:Participant' && one.bounds.y <= y).map((one) => one.bounds.y);
  return Math.max(...tops, 0) - PADDING;
}

/** Return the diagram of a collaboration with its elements. */
export function plane(collaboration, planeElement, moddle) {
  const sheet = moddle.create('bpmndi:BPMNPlane', { id: `${collaboration.id}_plane`, bpmnElement: collaboration, planeElement });
  for (const one of planeElement) one.$parent = sheet;
  const diagram = moddle.create('bpmndi:BPMNDiagram', { id: `${collaboration.id}_diagram`, plane: sheet });
  sheet.$parent = diagram;
  return diagram;
}
