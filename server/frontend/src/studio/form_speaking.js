// Lets form-js and its editor speak the language of the page; the first thing the form editor imports.
import '../words.js';
import { chinese } from '../page.js';
import { editor, panel, viewer } from './form_words.js';

const own = { ...viewer, ...panel, ...editor };
const known = globalThis.icityText;

globalThis.icityText = (text, replacements = {}) => {
  if (!(text in own)) return text in replacements || !/\{/.test(text) ? known(text) : filled(text, replacements);
  return filled(chinese() ? own[text] : text, replacements);
};

function filled(text, replacements) {
  return text.replace(/{(\w+)}/g, (whole, key) => replacements[key] ?? whole);
}
