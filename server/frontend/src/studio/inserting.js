// One click on a flow puts a step into it: what follows moves aside, and the new step waits for its name.
import { chinese } from '../page.js';

const BESIDE = 45; // what is left of the flow on each side of the new step
const COMMAND = 'icity.insertStep';
const title = () => (chinese() ? '在这条线上插入用户任务' : 'Insert a user task into this flow');

class Inserting {
  constructor(contextPad, commandStack, elementFactory, selection, directEditing, injector) {
    Object.assign(this, { commandStack, elementFactory, selection, directEditing });
    commandStack.register(COMMAND, injector.instantiate(Insert));
    contextPad.registerProvider(this);
  }

  getContextPadEntries(element) {
    const { $type, sourceRef } = element.businessObject;
    if ($type !== 'bpmn:SequenceFlow' || !element.waypoints || sourceRef?.$type === 'bpmn:EventBasedGateway') return {};
    return { 'icity.insert': { group: 'model', className: 'bpmn-icon-user-task', title: title(), action: { click: () => this.insert(element) } } };
  }

  insert(flow) {
    const shape = this.elementFactory.createShape({ type: 'bpmn:UserTask' });
    this.commandStack.execute(COMMAND, { flow, shape });
    this.selection.select(shape);
    this.directEditing.activate(shape);
  }
}

Inserting.$inject = ['contextPad', 'commandStack', 'elementFactory', 'selection', 'directEditing', 'injector'];

// A command, so that one undo takes back the step and the room that was made for it.
class Insert {
  constructor(modeling, spaceTool, canvas) {
    Object.assign(this, { modeling, spaceTool, canvas });
  }

  preExecute({ flow, shape }) {
    const { axis, from, to } = longest(flow.waypoints);
    const size = axis === 'x' ? shape.width : shape.height;
    const lacking = Math.ceil(size + 2 * BESIDE - Math.abs(to[axis] - from[axis]));
    if (lacking > 0) this.makeRoom(axis, (from[axis] + to[axis]) / 2, lacking);
    this.modeling.createShape(shape, middle(longest(flow.waypoints)), flow);
  }

  makeRoom(axis, start, lacking) {
    const delta = { x: 0, y: 0, [axis]: lacking };
    const { movingShapes, resizingShapes } = this.spaceTool.calculateAdjustments(within(this.canvas.getRootElement()), axis, lacking, start);
    this.modeling.createSpace(movingShapes, resizingShapes, delta, axis === 'x' ? 'e' : 's', start);
  }
}

Insert.$inject = ['modeling', 'spaceTool', 'canvas'];

function longest(waypoints) {
  const pieces = waypoints.slice(1).map((to, index) => ({ from: waypoints[index], to }));
  const length = ({ from, to }) => Math.hypot(to.x - from.x, to.y - from.y);
  const { from, to } = pieces.reduce((best, one) => (length(one) > length(best) ? one : best));
  return { axis: Math.abs(to.x - from.x) >= Math.abs(to.y - from.y) ? 'x' : 'y', from, to };
}

function middle({ from, to }) {
  return { x: Math.round((from.x + to.x) / 2), y: Math.round((from.y + to.y) / 2) };
}

function within(root) {
  return (root.children ?? []).flatMap((child) => [child, ...within(child)]);
}

/** The module that lets a flow of the canvas take in a step. */
export default { __init__: ['icityInserting'], icityInserting: ['type', Inserting] };
