// What the server wrote into the page: data, language and token.

/** Return the parsed content of the JSON script element `id`. */
export function data(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/** Return whether the page is Chinese. */
export function chinese() {
  return document.documentElement.lang.startsWith('zh');
}

/** Return the CSRF token of the page. */
export function token() {
  return document.querySelector('meta[name="csrf-token"]').content;
}
