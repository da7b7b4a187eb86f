// Boards, rankings and calendars: choices send themselves, tiles answer.
import './board.css';
import { listen } from './cartogram.js';

document.addEventListener('change', ({ target }) => {
  if (target.matches('[data-sends]')) target.form.requestSubmit();
});

const status = document.getElementById('status')?.closest('section');
if (status) listen(status, document.getElementById('told'));

document.addEventListener('focusin', ({ target }) => {
  if (target.matches('[data-select]')) target.select();
});
