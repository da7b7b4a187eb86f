// How an editor says its own words: from a table of both languages.
import { chinese } from '../page.js';
import { fill } from './words.js';

/** Return a function that tells a text of `table` ({zh, en}) in the language of the page, its {places} filled. */
export function teller(table) {
  return (key, args = {}) => fill(table[chinese() ? 'zh' : 'en'][key] ?? key, args);
}
