// The tour of the first day: a card in the page that points at one thing after the other and covers nothing.
import './tour.css';
import { data } from './page.js';

const POINTED = 'is-pointed';

/** Make the card `host` live. */
export function mountTour(host) {
  const { steps, next: onward, end: finish } = data('tour-steps');
  const part = (name) => host.querySelector(`[data-tour="${name}"]`);
  const [next, back, end] = ['next', 'back', 'end'].map(part);
  let at = 0;

  next.addEventListener('click', () => go(at + 1));
  back.addEventListener('click', () => go(at - 1));
  host.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') end.click();
    if (key === 'ArrowRight' && at < steps.length - 1) go(at + 1);
    if (key === 'ArrowLeft' && at > 0) go(at - 1);
  });

  function go(step) {
    at = step;
    const { place, title, text, at: selector } = steps[at];
    host.querySelector('#tour-place').textContent = place;
    host.querySelector('#tour-title').textContent = title;
    host.querySelector('#tour-text').textContent = text;
    next.hidden = at === steps.length - 1;
    next.textContent = onward;
    back.hidden = at === 0;
    if (next.hidden) {
      end.textContent = finish;
      end.classList.add('btn-primary');
    }
    point(selector);
    host.querySelector('#tour-title').focus();
  }

  function point(selector) {
    for (const one of document.querySelectorAll(`.${POINTED}`)) one.classList.remove(POINTED);
    if (!selector) return;
    const shown = [...document.querySelectorAll(selector)].find((one) => one.offsetParent && !host.contains(one));
    shown?.classList.add(POINTED);
  }
}
