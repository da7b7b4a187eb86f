// A step of the fleet: only what the chosen act needs is asked for; ticking a case means those ticked.
import './fleet.css';

const kind = document.getElementById('kind');
const chosen = document.querySelector('[name="which"][value="chosen"]');

function fit() {
  for (const field of document.querySelectorAll('[data-for]')) field.hidden = field.dataset.for !== kind.value;
}

kind?.addEventListener('change', fit);
if (kind) fit();

document.addEventListener('change', ({ target }) => {
  if (target.name === 'instance' && target.checked && chosen) chosen.checked = true;
});
