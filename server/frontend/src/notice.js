// One live region a page says what went wrong.
import { chinese, data } from './page.js';

const region = () => document.getElementById('notice');

/** Show the problem `body` (problem+json text, or anything else) to the person, and move there. */
export function tell(body) {
  const place = region();
  place.replaceChildren(sentence(body) || place.dataset.fallback, ...advice(body));
  place.hidden = false;
  place.scrollIntoView({ block: 'nearest' });
  place.focus();
}

/** Return what to do next after the problem `body`, as the page knows it by its status. */
function advice(body) {
  const status = statusOf(body);
  const text = document.getElementById('advice') && data('advice')[status];
  if (!text) return [];
  const next = Object.assign(document.createElement('span'), { className: 'notice-next', textContent: text });
  return status === 401 ? [' ', next, ' ', signIn()] : [' ', next];
}

function signIn() {
  const { signInAddress: href, signInLabel: textContent } = region().dataset;
  return Object.assign(document.createElement('a'), { href, textContent, target: '_blank' });
}

function statusOf(body) {
  try {
    return JSON.parse(body).status;
  } catch {
    return undefined;
  }
}

/** Take the last notice away. */
export function clear() {
  region().hidden = true;
}

/** Return the text of {zh, en} in the language of the page, else whichever there is; a plain text as it is. */
export function inOneLanguage(texts) {
  if (!texts || typeof texts === 'string') return texts || '';
  return texts[chinese() ? 'zh' : 'en'] ?? Object.values(texts)[0] ?? '';
}

/** Return what the problem `body` says in one sentence, nothing when it is no problem. */
export function sentence(body) {
  try {
    const problem = JSON.parse(body);
    return problem.detail || inOneLanguage(problem.why) || problem.title;
  } catch {
    return '';
  }
}
