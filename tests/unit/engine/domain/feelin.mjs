// Asks npm feelin every expression of feel_vectors.json and writes its answers beside ours.
// Once, after vectors were added:  npm install --prefix /tmp/feelin feelin@8.2.0
//                                  node tests/unit/engine/domain/feelin.mjs /tmp/feelin
// An answer that no JSON can hold is told as {"error": …}: what feelin said, or that it took too long or too much.
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";

const VECTORS = new URL("feel_vectors.json", import.meta.url);
const PATIENCE = 3000;

const isPlain = (value) => Object.getPrototypeOf(value) === Object.prototype;

// Temporal values as ISO 8601 with an offset, as our own JSON has them; a zone by name is told as it is.
function plain(value) {
  if (value === undefined || value === null) return null;
  if (typeof value === "number") return Number.isFinite(value) ? value : { error: String(value) };
  if (["string", "boolean"].includes(typeof value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  }
  const kind = value.constructor?.name ?? typeof value;
  if (/^Feel(Date|Time|DateTime|Duration)$/.test(kind)) return String(value).replace(/Z$/, "+00:00");
  return { error: `a ${kind}` };
}

function answer({ evaluate, unaryTest }, vector) {
  try {
    const context = vector.context ?? {};
    const found = "tests" in vector ? unaryTest(vector.tests, context) : evaluate(vector.expression, context);
    return plain(found !== null && typeof found === "object" && "value" in found ? found.value : found);
  } catch (fault) {
    return { error: String(fault.message).split("\n")[0].slice(0, 80) };
  }
}

if (!isMainThread) {
  const feelin = await import(workerData);
  parentPort.on("message", (vector) => parentPort.postMessage(answer(feelin, vector)));
} else {
  const entry = pathToFileURL(resolve(process.argv[2], "node_modules/feelin/dist/index.js")).href;
  let settle = () => {};
  let worker;
  const start = () => {
    const options = { workerData: entry, resourceLimits: { maxOldGenerationSizeMb: 256 } };
    worker = new Worker(fileURLToPath(import.meta.url), options);
    worker.on("message", (found) => settle(found));
    worker.on("error", () => settle({ error: "takes too much memory" }, true));
  };
  const ask = (vector) =>
    new Promise((done) => {
      settle = (found, again = false) => {
        settle = () => {};
        clearTimeout(timer);
        if (again) worker.terminate().then(start).then(() => done(found));
        else done(found);
      };
      const timer = setTimeout(() => settle({ error: "takes too long" }, true), PATIENCE);
      worker.postMessage(vector);
    });
  start();
  const vectors = JSON.parse(readFileSync(VECTORS, "utf8"));
  const lines = [];
  for (const vector of vectors) {
    const { feelin: _before, standard, ...asked } = vector;
    const said = await ask(asked);
    lines.push(JSON.stringify({ ...asked, feelin: said, ...(standard ? { standard } : {}) }));
  }
  await worker.terminate();
  writeFileSync(VECTORS, `[\n  ${lines.join(",\n  ")}\n]\n`);
}
