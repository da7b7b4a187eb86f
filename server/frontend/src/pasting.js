// What a block of cells pasted from a spreadsheet says: numbers, measures, and which figure each belongs to.
// Nothing here touches the page; figures.js shows the plan and applies it.

const MEASURES = {
  // each family converts by powers of ten only, so that no digit is ever invented
  money: { 元: 0, 千元: 3, 万元: 4, 百万元: 6, 千万元: 7, 亿元: 8 },
  people: { 人: 0, 千人: 3, 万人: 4 },
  years: { 人年: 0, 万人年: 4 },
  firms: { 家: 0, 户: 0, 万家: 4 },
  pieces: { 件: 0, 万件: 4 },
  items: { 项: 0, 万项: 4 },
  shares: { '‰': -1, '%': 0 },
  tonnes: { 吨: 0, 万吨: 4, 吨标准煤: 0, 万吨标准煤: 4 },
};
const KNOWN = Object.values(MEASURES).flatMap(Object.keys).sort((a, b) => b.length - a.length);
const BLANKS = new Set(['', '-', '--', '—', '——', '－', '…', '/', '\\', '无', '空', 'n/a', 'na', '*', '.']);
const THIS_YEAR = /本年|当年|今年|本期|填报|数值|this year|value/i;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const ENTITIES = /\s+|[·•*、，,。.:：;；"“”'‘’()（）\[\]【】]/g;

/** Return the cells of what was pasted, as rows of texts; null where it is no block of cells. */
export function cellsOf(clipboard) {
  const html = clipboard.getData('text/html');
  const table = html && new DOMParser().parseFromString(html, 'text/html').querySelector('table');
  if (table) return tidy([...table.rows].map((row) => [...row.cells].flatMap(spread)));
  const text = clipboard.getData('text/plain');
  return /[\t\n]/.test(text.trim()) ? tidy(split(text)) : null;
}

/** Return the number that a text says as {text, measure}: plain digits; null where it says none, NaN for nonsense. */
export function numberIn(written) {
  let text = half(String(written)).trim();
  if (BLANKS.has(text.toLowerCase())) return null;
  let measure = KNOWN.find((one) => text.endsWith(one) && text.length > one.length) ?? '';
  if (measure) text = text.slice(0, -measure.length).trim();
  const negative = /^\((.*)\)$/.exec(text);
  if (negative) text = `-${negative[1]}`;
  text = text.replace(/[,'\u2019\s]/g, '').replace(/^[¥￥$]/, '');
  if (!NUMBER.test(text)) return { text: NaN, measure: '' };
  return { text: plain(text), measure };
}

/** Return `text` moved from one measure to another; null where they are of different kinds. */
export function convert(text, from, to) {
  if (!from || from === to) return text;
  const family = Object.values(MEASURES).find((one) => from in one && to in one);
  return family ? shift(text, family[from] - family[to]) : null;
}

/**
 * Return what a block would fill in: {columns, column, ordered, rows}; each row is {found, cell, value, note, ...}.
 * `cells` are the figures in the order of the table, `start` the place of the cursor, `column` the one to read from.
 */
export function plan(block, { cells, start, year, column = null }) {
  const head = headOf(block, year);
  const named = block.map((row) => match(row, cells));
  const ordered = named.every((one) => one === null);
  const source = ordered && block.length === 1 ? block[0].map((one) => [one]) : block;
  const body = source.map((row, place) => ({ row, cell: ordered ? null : named[place], place }));
  const columns = numeric(source, head, named);
  const chosen = column ?? choose(columns, head, year);
  const whole = measureOf(head.texts);
  let next = start;
  const rows = body.flatMap(({ row, cell, place }) => {
    if (head.rows.has(place)) return [];
    const given = numberIn(row[chosen] ?? '');
    const blank = given === null;
    if (ordered && given && Number.isNaN(given.text)) return [];
    const target = ordered ? cells[next++] ?? null : cell;
    if (!target && (blank || Number.isNaN(given.text))) return [];
    return [entry(row, { target, given, whole, chosen })];
  });
  return { columns: columns.map((one) => ({ number: one, head: head.texts[one] ?? '' })), column: chosen, ordered, rows: once(rows) };
}

function entry(row, { target, given, whole, chosen }) {
  const words = row.filter((_, place) => place !== chosen).filter((text) => text && numberIn(text)?.measure === '' && Number.isNaN(numberIn(text).text));
  const found = { name: words.join(' '), text: row[chosen] ?? '' };
  if (!target) return { found, cell: null, value: null, problem: 'nowhere' };
  if (given === null) return { found, cell: target, value: null, problem: 'no_value' };
  if (Number.isNaN(given.text)) return { found, cell: target, value: null, problem: 'no_number' };
  const own = given.measure || measureOf(words) || (sameKind(whole, target.measure) ? whole : '');
  const value = convert(given.text, own, target.measure);
  if (value === null) return { found, cell: target, value: given.text, from: '' };
  return { found, cell: target, value, from: own && own !== target.measure ? own : '' };
}

// The last of several rows for one figure counts; those before it say so.
function once(rows) {
  const last = new Map();
  rows.forEach((row, place) => row.cell && row.value !== null && last.set(row.cell.path, place));
  return rows.map((row, place) => {
    const beaten = row.cell && row.value !== null && last.get(row.cell.path) !== place;
    return beaten ? { ...row, value: null, problem: 'twice' } : row;
  });
}

function match(row, cells) {
  const words = row.map(normal).filter((text) => text && !NUMBER.test(text));
  const code = words.map((word) => cells.find((cell) => normal(cell.code) === word)).find(Boolean);
  if (code) return code;
  const same = words.map((word) => cells.find((cell) => names(cell).includes(word))).find(Boolean);
  if (same) return same;
  const within = words
    .filter((word) => word.length > 3)
    .map((word) => cells.filter((cell) => names(cell).some((name) => name.length > 3 && (word.includes(name) || name.includes(word)))));
  return within.find((found) => found.length === 1)?.[0] ?? null;
}

function names(cell) {
  return cell.names.map(normal);
}

function normal(text) {
  return half(String(text))
    .toLowerCase()
    .replace(/[（(][^（()）]*[）)]\s*$/, '')
    .replace(/^(?:[a-z]?\d+|[一二三四五六七八九十]+)[、.．)）]\s*/, '')
    .replace(/^(?:其中|#)[:：]?/, '')
    .replace(ENTITIES, '');
}

// Rows that name the columns: no number but years, and a word that heads of tables have.
function headOf(block, year) {
  const rows = new Set();
  const texts = [];
  for (const [place, row] of block.entries()) {
    const figures = row.filter((text) => numberIn(text) && !Number.isNaN(numberIn(text).text) && !isYear(text, year));
    const words = row.some((text) => /单位|指标|名称|代码|项目|unit|name|code/i.test(text)) || row.some((text) => isYear(text, year) || THIS_YEAR.test(text));
    if (figures.length || !words || place > 4) break;
    rows.add(place);
    row.forEach((text, column) => (texts[column] = [texts[column], text].filter(Boolean).join(' ')));
  }
  return { rows, texts };
}

function isYear(text, year) {
  const found = /^(\d{4})\s*年?$/.exec(half(String(text)).trim());
  return Boolean(found) && (year ? Math.abs(Number(found[1]) - year) < 30 : true);
}

function numeric(block, head, named) {
  const width = Math.max(0, ...block.map((row) => row.length));
  const counts = Array.from({ length: width }, (_, column) =>
    block.filter((row, place) => {
      const given = head.rows.has(place) ? null : numberIn(row[column] ?? '');
      return given && !Number.isNaN(given.text) && (named[place] || named.every((one) => !one));
    }).length,
  );
  const found = counts.flatMap((count, column) => (count ? [column] : []));
  const serial = found.length > 1 && isSerial(block, head, found[0]);
  return serial ? found.slice(1) : found;
}

// 1, 2, 3 … before the names is the number of the row, not a figure.
function isSerial(block, head, column) {
  const values = block.flatMap((row, place) => (head.rows.has(place) || !row[column] ? [] : [Number(half(row[column]))]));
  return values.length > 1 && values.every((value, place) => value === values[0] + place && Number.isInteger(value));
}

function choose(columns, head, year) {
  const year_ = columns.filter((column) => year && String(head.texts[column] ?? '').includes(String(year)));
  const said = columns.filter((column) => THIS_YEAR.test(head.texts[column] ?? ''));
  return year_[0] ?? said[0] ?? columns.at(-1) ?? 0;
}

function measureOf(texts) {
  for (const text of texts) {
    const written = half(String(text ?? ''));
    if (KNOWN.includes(written.trim())) return written.trim();
    const found = /单位[:：]\s*([^\s，,；;)]+)/.exec(written) ?? /\(([^()]{1,8})\)\s*$/.exec(written);
    if (found && KNOWN.includes(found[1])) return found[1];
  }
  return '';
}

function sameKind(one, other) {
  return Boolean(one) && Object.values(MEASURES).some((family) => one in family && other in family);
}

/** Return full-width letters, digits and signs as half-width ones. */
function half(text) {
  return text
    .replace(/[\uff01-\uff5e]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - 0xfee0))
    .replace(/[\u3000\u00a0]/g, ' ')
    .replace(/\u2212/g, '-');
}

/** Return a number without exponent, sign +, leading zeros. */
function plain(text) {
  const [mantissa, exponent] = text.toLowerCase().split('e');
  return shift(mantissa, Number(exponent ?? 0));
}

/** Return a decimal text times ten to the `power`, digit by digit. */
function shift(text, power) {
  const sign = text.startsWith('-') ? '-' : '';
  const [whole, part = ''] = text.replace(/^[+-]/, '').split('.');
  const digits = (whole || '0') + part;
  const point = (whole || '0').length + power;
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0');
  const place = Math.max(point, 1);
  const left = padded.slice(0, place).replace(/^0+(?=\d)/, '');
  const right = padded.slice(place).replace(/0+$/, '');
  const value = right ? `${left}.${right}` : left;
  return value === '0' ? '0' : sign + value;
}

function spread(cell) {
  const text = cell.textContent.replace(/\s+/g, ' ').trim();
  return [text, ...Array.from({ length: Math.min(cell.colSpan, 50) - 1 }, () => '')];
}

// Cells of a spreadsheet as text: tabs and lines, and quotes around what holds either.
function split(text) {
  const rows = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^\t\n\r]*))(\t|\r\n|\n|\r|$)/g)) {
    rows.at(-1).push((quoted !== undefined ? quoted.replaceAll('""', '"') : bare).trim());
    if (end === '') break;
    if (end !== '\t') rows.push([]);
  }
  return rows;
}

function tidy(rows) {
  return rows.filter((row) => row.some((text) => text !== '')).slice(0, 500);
}
