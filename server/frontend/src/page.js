// What the server wrote into the page: data, language and token.

/** Return the parsed content of the JSON script element `id`. */
export function data(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/** Return whether the page is Chinese. */
export function chinese() {
  return document.documentElement.lang.startsWith('zh');
}

/** Say that a part of the page works; who drives the page waits for it by [data-ready~=part]. */
export function ready(part) {
  const { dataset } = document.documentElement;
  dataset.ready = dataset.ready ? `${dataset.ready} ${part}` : part;
}

/** Return the headers of every request a page makes: its token, its language, problems as JSON. */
export function headers() {
  return {
    'X-CSRFToken': document.querySelector('meta[name="csrf-token"]').content,
    'Accept-Language': document.documentElement.lang,
    Accept: 'application/json, text/html',
  };
}
