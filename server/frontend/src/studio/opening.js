// Opening a file: what has no coordinates is laid out, and what cannot be read is told plainly, with its line.
import { chinese } from '../page.js';
import { clearTrouble, showTrouble } from './bench.js';
import { lacking, laidOut } from './layout.js';
import { fill } from './words.js';

const ROOM = 0.84; // what the palette leaves of the canvas
const PALETTE = 60;
const NARROW = 600; // there the palette is hidden: a phone is for looking

const words = {
  zh: {
    unreadable: '这份文件无法打开',
    line: '第 {line} 行附近的内容不合格；可下载后修正，或撤销对它的修改。',
    content: '文件不是 BPMN 流程图，或内容已损坏。',
    empty: '文件里没有可画出的流程。',
  },
  en: {
    unreadable: 'This file cannot be opened',
    line: 'Something is wrong near line {line}; mend it outside, or undo its changes.',
    content: 'It is no BPMN diagram, or it is damaged.',
    empty: 'There is no process in the file to draw.',
  },
}[chinese() ? 'zh' : 'en'];

/**
 * Show `xml` in `modeler`; where nothing in it has coordinates it is laid out first, which `mayChange` must allow to
 * be kept. Return whether the drawing was made anew. What cannot be read is told in place of the editor.
 */
export async function open(modeler, xml, mayChange) {
  clearTrouble();
  try {
    const { rootElement } = await modeler.get('moddle').fromXML(xml);
    const bare = lacking(rootElement) !== 'nothing' && !drawn(rootElement);
    await modeler.importXML(bare ? await laidOut(xml, modeler.get('moddle')) : xml);
    fit(modeler);
    return bare && mayChange;
  } catch (fault) {
    showTrouble(words.unreadable, told(fault));
    return false;
  }
}

/** Show the whole drawing, with a margin. */
export function fit(modeler) {
  const canvas = modeler.get('canvas');
  canvas.resized();
  canvas.zoom('fit-viewport', 'auto');
  canvas.zoom(canvas.zoom() * ROOM, 'auto');
  if (!modeler.get('palette', false) || canvas.getContainer().clientWidth < NARROW) return;
  canvas.scroll({ dx: PALETTE, dy: 0 });
}

function drawn(definitions) {
  return lacking(definitions) === 'some';
}

// Whoever draws is told the place, never what the parser calls it.
function told({ message = '' }) {
  const line = message.match(/line: (\d+)/)?.[1];
  if (line) return fill(words.line, { line: Number(line) + 1 });
  return /no (process or collaboration|diagram|plane)/.test(message) ? words.empty : words.content;
}
