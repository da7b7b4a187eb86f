// The comparison with last time: brought up to date while somebody types, all of it or only what differs.
import './comparison.css';
import { onChange } from './answers.js';
import { headers } from './page.js';

const PAUSE = 900;

/** Make the comparison of the page live; nothing happens where there is none. */
export function mount(form) {
  const place = document.getElementById('comparison');
  if (!place) return;
  let all = null; // null: as the server thinks best
  let timer = null;
  place.addEventListener('change', ({ target }) => {
    if (!target.matches('[data-only-changes]')) return;
    all = !target.checked;
    show(place, all);
  });
  onChange(form, (answers) => {
    clearTimeout(timer);
    timer = setTimeout(() => refresh(place, answers).then(() => show(place, all)), PAUSE);
  });
}

async function refresh(place, answers) {
  try {
    const reply = await fetch(place.dataset.url, {
      method: 'POST',
      headers: { ...headers(), 'Content-Type': 'application/json' },
      body: JSON.stringify(answers),
    });
    if (!reply.ok) return;
    const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
    place.querySelector('[data-comparison]').replaceChildren(...page.body.childNodes);
  } catch {
    // Without a connection the comparison stays as it was; the form goes on.
  }
}

function show(place, all) {
  if (all === null) return;
  place.querySelector('.compared')?.classList.toggle('only-changes', !all);
  const box = place.querySelector('[data-only-changes]');
  if (box) box.checked = !all;
}
