// Bundles src/ into ../static with hashed names and writes ../static/manifest.json: {entry: {js, css}}.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { editor, pieces, viewer, woven } from './src/studio/form_words.js';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, '..', 'static');
const entries = ['app', 'form', 'diagram', 'chart', 'start', 'board', 'heat', 'public', 'inbox', 'text', 'decision', 'formeditor', 'setbook', 'compare', 'modeler', 'machine', 'fleet'];

// form-js hands most of its strings to its translate service; these it writes itself. A string that an upgrade
// takes away stops the build, so that no English comes back unseen.
const unspoken = {
  "valueLabel || 'Select'": "valueLabel || icityText('Select')",
  'children: "Browse"': "children: icityText('Browse')",
  "placeholder: 'Search'": "placeholder: icityText('Search')",
  'placeholder: getLocaleReadableDateFormat()': 'placeholder: icityText(getLocaleReadableDateFormat())',
};

// The editor of forms writes all its words itself: where one of ours stands as a label, it is spoken instead.
const SPOT = String.raw`((?:["']?(?:label|title|text|placeholder|description|tooltip|children|name|closeButtonTooltip)["']?: ?\[?)|return |\? |: |= |PATH, |\}\), )`;
const INSIDE = /form-js-editor\/node_modules\/@bpmn-io\/form-js-viewer\/dist\/index\.es\.js$/;

function spoken(contents, words) {
  return Object.keys(words).reduce((text, word) => {
    const literal = word.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    const found = new RegExp(`${SPOT}(['"])${literal}\\2`, 'g');
    if (!found.test(text)) throw new Error(`the form editor no longer writes: ${word}`);
    return text.replace(found, (_, spot) => `${spot}icityTold(${told(word, words[word])})`);
  }, contents);
}

function told(word, ours) {
  return (Array.isArray(ours) ? ours : [word, ours]).map((text) => JSON.stringify(text)).join(', ');
}

// Where nothing is chosen yet, this word is no name of a field.
function inPlace(contents) {
  const [written] = Object.keys(unspoken);
  if (!contents.includes(written)) throw new Error(`the form editor no longer writes: ${written}`);
  return contents.replace(written, `valueLabel || icityTold('Select', '请选择')`);
}

function inPieces(written) {
  const contents = Object.entries(woven).reduce((text, [source, ours]) => {
    if (!text.includes(source)) throw new Error(`the form editor no longer writes: ${source}`);
    return text.replaceAll(source, () => ours);
  }, written);
  return Object.keys(pieces).reduce((text, word) => {
    if (!text.includes(`'${word}`)) throw new Error(`the form editor no longer writes: ${word}`);
    return text.replace(`'${word}`, () => `icityTold(${JSON.stringify(word)}, ${JSON.stringify(pieces[word])}) + '`);
  }, contents.replaceAll('translate = translateFallback', 'translate = icityText'));
}

const PANEL = '(globalThis.icityPanel ?? ((text) => text))';
const untold = {
  'children: "Opened in popup"': `children: ${PANEL}("Opened in popup")`,
  "closeButtonTooltip = 'Close popup'": `closeButtonTooltip = ${PANEL}('Close popup')`,
  'closeButtonTooltip: "Save and close"': `closeButtonTooltip: ${PANEL}("Save and close")`,
  'popupTitle = `${element.type} / `;': "popupTitle = '';",
};

const OTHERS = 'bpmnPropertiesProvider: [\'type\', BpmnPropertiesProvider]';
const WARNING = /console\.warn\(new Error\('ContextPad#getPad is deprecated[^\n]*\n/;
const ADOPTING = 'if (!root.head && root.adoptedStyleSheets';

const speak = {
  name: 'speak',
  setup({ onLoad }) {
    // The editor of expressions writes style elements, which our policy refuses; sheets that are adopted it allows.
    onLoad({ filter: /style-mod\/src\/style-mod\.js$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8');
      if (!contents.includes(ADOPTING)) throw new Error('style-mod no longer asks as it did');
      return { contents: contents.replace(ADOPTING, 'if (root.adoptedStyleSheets'), loader: 'js' };
    });
    // What FEEL itself has: names and parameters. The engine knows no extensions, and the English about each is long.
    onLoad({ filter: /@camunda\/feel-builtins\/dist\/index\.js$/ }, async ({ path }) => {
      const { feelBuiltins } = await import(pathToFileURL(path));
      const known = JSON.stringify(feelBuiltins.map(({ name, type, params }) => ({ name, type, params })));
      return { contents: `export const camundaBuiltins = ${known};\nexport const camundaReservedNameBuiltins = [];\n` };
    });
    // No function of FEEL that is offered asks for a version of anything, so nothing is compared.
    onLoad({ filter: /@bpmn-io\/semver-compat\/dist\/index\.js$/ }, () => ({ contents: 'export const isCompatible = () => true;\n', loader: 'js' }));
    // bpmn-js itself asks what diagram-js calls outdated; no reader of the console can do anything about it.
    onLoad({ filter: /diagram-js\/lib\/features\/context-pad\/ContextPad\.js$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8');
      if (!WARNING.test(contents)) throw new Error('the context pad no longer warns of getPad');
      return { contents: contents.replace(WARNING, ''), loader: 'js' };
    });
    // Of the panels in this package only the plain one is ours; what tells the others what to inject keeps them all.
    onLoad({ filter: /bpmn-js-properties-panel\/dist\/index\.esm\.js$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8');
      const [plain, ...others] = contents.split(OTHERS);
      if (!others.length) throw new Error('the panel of properties no longer defines its modules as it did');
      return { contents: plain + OTHERS + others.join(OTHERS).replace(/^\w[\w$]*\.\$inject = \[[^\]]*\];$/gm, ''), loader: 'js' };
    });
    // The panel of properties hands most of its strings to its translate service; these it writes itself.
    onLoad({ filter: /@bpmn-io\/properties-panel\/dist\/index\.esm\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      for (const [written, spoken] of Object.entries(untold)) {
        if (!contents.includes(written)) throw new Error(`the panel of properties no longer writes: ${written}`);
        contents = contents.replaceAll(written, spoken);
      }
      return { contents, loader: 'js' };
    });
    onLoad({ filter: /form-js-editor\/dist\/index\.es\.js$/ }, ({ path }) => {
      return { contents: inPieces(spoken(readFileSync(path, 'utf8'), editor)), loader: 'js' };
    });
    onLoad({ filter: /form-js-viewer\/dist\/index\.es\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      if (INSIDE.test(path)) return { contents: spoken(inPlace(contents), viewer), loader: 'js' };
      for (const [written, spoken] of Object.entries(unspoken)) {
        if (!contents.includes(written)) throw new Error(`form-js no longer writes: ${written}`);
        contents = contents.replaceAll(written, spoken);
      }
      return { contents, loader: 'js' };
    });
  },
};

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: entries.map((name) => `src/${name}.js`),
  outdir: out,
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  metafile: true,
  legalComments: 'linked',
  plugins: [speak],
  assetNames: '[name]-[hash]',
  loader: { '.woff2': 'file', '.woff': 'empty', '.ttf': 'empty', '.eot': 'empty', '.svg': 'empty' },
  logLevel: 'warning',
});

const manifest = {};
for (const [path, output] of Object.entries(metafile.outputs)) {
  const name = basename(output.entryPoint ?? '', '.js');
  if (!entries.includes(name)) continue; // a module that is only fetched when it is asked for
  manifest[name] = { js: basename(path), css: basename(output.cssBundle) };
}
const lost = entries.filter((name) => !manifest[name]);
if (lost.length) throw new Error(`no bundle for ${lost.join(', ')}`);
writeFileSync(join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);

// Only now, so that a server beside this build never misses a file whose content has not changed.
const written = new Set([...Object.keys(metafile.outputs).map((path) => basename(path)), 'manifest.json']);
for (const name of readdirSync(out)) {
  if (!written.has(name) && !name.startsWith('.')) rmSync(join(out, name));
}
