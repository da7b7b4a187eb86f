// Every page: styles, htmx, the CSRF header and the line that tells what went wrong.
import '@tabler/core/dist/css/tabler.min.css';
import './desk.css';
import 'htmx.org';
import { token } from './page.js';
import { tell } from './notice.js';

document.addEventListener('htmx:configRequest', (event) => {
  event.detail.headers['X-CSRFToken'] = token();
});

document.addEventListener('htmx:responseError', (event) => tell(event.detail.xhr.responseText));
document.addEventListener('htmx:sendError', () => tell(''));

document.addEventListener('change', (event) => {
  if (event.target.matches('[data-submit]')) event.target.form.requestSubmit();
});

document.addEventListener('click', (event) => {
  if (event.target.closest('[data-print]')) window.print();
});
