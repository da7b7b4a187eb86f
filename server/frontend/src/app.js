// Every page: styles, htmx, the headers of requests and the line that tells what went wrong.
import '@tabler/core/dist/css/tabler.min.css';
import './desk.css';
import './attachments.css';
import './registers.css';
import './settings.css';
import './systems.css';
import './changeover.css';
import './library.css';
import './bell.css';
import 'htmx.org';
import { forget } from './autosave.js';
import { mountBell } from './bell.js';
import { headers } from './page.js';
import { tell } from './notice.js';
import { mountTour } from './tour.js';

document.addEventListener('htmx:configRequest', (event) => {
  Object.assign(event.detail.headers, headers());
});

document.addEventListener('htmx:responseError', (event) => tell(event.detail.xhr.responseText));
document.addEventListener('htmx:sendError', () => tell(''));

document.addEventListener('click', (event) => {
  if (event.target.closest('[data-print]')) window.print();
});

document.addEventListener('submit', ({ target }) => {
  if (target.getAttribute('action')?.endsWith('/sign-out')) forget();
});

const bell = document.getElementById('bell');
if (bell) mountBell(bell);

const tour = document.getElementById('tour');
if (tour) mountTour(tour);
