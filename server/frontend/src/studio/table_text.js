// A table as comma-separated text (RFC 4180), read and written so that what nobody changed stays as it was.

/** Return the rows of `text` as lists of texts; throw where a quote is never closed. */
export function readTable(text) {
  const rows = [];
  let row = [];
  let cell = '';
  let quoted = false;
  const body = text.replace(/^\ufeff/, '');
  for (let at = 0; at < body.length; at += 1) {
    const sign = body[at];
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (body[at + 1] === '"') [cell, at] = [`${cell}"`, at + 1];
      else quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === ',') [row, cell] = [[...row, cell], ''];
    else if (sign === '\n') {
      rows.push([...row, cell.replace(/\r$/, '')]);
      [row, cell] = [[], ''];
    } else cell += sign;
  }
  if (quoted) throw new Error('a quote is never closed');
  if (cell || row.length) rows.push([...row, cell]);
  return rows;
}

/** Return rows of texts as comma-separated text; cells are quoted where they must be. */
export function writeTable(rows) {
  return rows.map((row) => `${row.map(spelled).join(',')}\n`).join('');
}

function spelled(cell) {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
