// Copying from one diagram to another: what is copied is kept where other tabs of this browser find it.
const KEY = 'icity-draft:clip'; // forgotten at signing out, as all that begins with icity-draft:

class Clip {
  constructor(eventBus, clipboard, moddle) {
    eventBus.on('copyPaste.elementsCopied', ({ tree }) => {
      try {
        localStorage.setItem(KEY, JSON.stringify(tree));
      } catch {
        // a full store: copying within this diagram works all the same
      }
    });
    const get = clipboard.get.bind(clipboard);
    clipboard.get = () => kept(moddle) ?? get();
    clipboard.isEmpty = () => !clipboard.get();
  }
}

Clip.$inject = ['eventBus', 'clipboard', 'moddle'];

function kept(moddle) {
  const text = localStorage.getItem(KEY);
  if (!text) return undefined;
  try {
    return JSON.parse(text, reviver(moddle));
  } catch {
    return undefined;
  }
}

// What was a moddle element becomes one again; one that stands in two places stays one.
function reviver(moddle) {
  const made = new Map();
  return (key, value) => {
    if (!value || typeof value.$type !== 'string') return value;
    if (value.id && made.has(value.id)) return made.get(value.id);
    const { $type, ...attributes } = value;
    const element = moddle.create($type, attributes);
    if (value.id) made.set(value.id, element);
    return element;
  };
}

/** The module that lets diagrams in several tabs share one clipboard. */
export default { __init__: ['icityClip'], icityClip: ['type', Clip] };
