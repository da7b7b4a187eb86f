// The tiles of a board: the key points a standing out, and the tile under the pointer says what it is.

/** Let `stage`, the element that holds key and tiles, answer pointer and keyboard; `line` is where a tile is told. */
export function listen(stage, line) {
  const keys = [...stage.querySelectorAll('button[data-place]')];
  for (const key of keys) key.addEventListener('click', () => point(stage, keys, key));
  if (!line) return;
  for (const kind of ['pointerover', 'focusin']) stage.addEventListener(kind, ({ target }) => say(line, target));
  for (const kind of ['pointerleave', 'focusout']) stage.addEventListener(kind, () => { line.textContent = ''; });
}

function point(stage, keys, chosen) {
  const on = chosen.getAttribute('aria-pressed') !== 'true';
  for (const key of keys) key.setAttribute('aria-pressed', String(on && key === chosen));
  stage.classList.toggle('is-pointing', on);
  for (const tile of stage.querySelectorAll('a.tile')) {
    tile.classList.toggle('is-pointed', on && tile.dataset.place === chosen.dataset.place);
  }
}

function say(line, target) {
  const tile = target.closest('a.tile');
  line.textContent = tile?.getAttribute('aria-label') ?? '';
}
