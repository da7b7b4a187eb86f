// One live region a page says what went wrong.

const region = () => document.getElementById('notice');

/** Show the problem `body` (problem+json text, or anything else) to the person, and move there. */
export function tell(body) {
  const place = region();
  place.textContent = sentence(body) || place.dataset.fallback;
  place.hidden = false;
  place.scrollIntoView({ block: 'nearest' });
  place.focus();
}

/** Take the last notice away. */
export function clear() {
  region().hidden = true;
}

function sentence(body) {
  try {
    const problem = JSON.parse(body);
    return problem.detail || problem.title;
  } catch {
    return '';
  }
}
