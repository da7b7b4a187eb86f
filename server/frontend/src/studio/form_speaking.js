// Lets form-js and its editor speak the language of the page; the first thing the form editor imports.
import { chinese } from '../page.js';
import { panel, shown } from './form_words.js';

const words = { ...shown, ...panel };

/** Strings that had no Chinese on this page; tests read it as `window.icityMissing`. */
window.icityMissing ??= new Set();

// The build writes the Chinese of most strings right beside them.
globalThis.icityTold = (english, told) => (chinese() ? told : english);
globalThis.icityText = (text, replacements = {}) => {
  const told = chinese() ? words[text] : text;
  if (told === undefined) window.icityMissing.add(text);
  return (told ?? text).replace(/{(\w+)}/g, (whole, key) => replacements[key] ?? whole);
};
