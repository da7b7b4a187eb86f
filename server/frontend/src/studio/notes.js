// The notes of rules: files of DMN 1.3 keep them in entries of their own, the table shows and edits a rule's description.

/** Let the table show the notes of `definitions` as descriptions. */
export function showNotes(definitions) {
  for (const { rule } of rulesOf(definitions)) {
    const note = (rule.annotationEntry ?? []).map(({ text }) => text).filter(Boolean).join('；');
    if (note && !rule.description) rule.description = note;
  }
}

/** Call `write` while descriptions stand where their files keep notes; return what it returns. */
export async function withNotes(definitions, write) {
  const moved = rulesOf(definitions).filter(({ table }) => table.annotation?.length).map(({ rule }) => put(rule, definitions.$model));
  try {
    return await write();
  } finally {
    for (const { rule, description } of moved) rule.description = description;
  }
}

function put(rule, moddle) {
  const { description } = rule;
  const [first] = rule.annotationEntry ?? [];
  if (first) rule.annotationEntry = [first];
  if (first) first.text = description ?? '';
  else if (description) rule.annotationEntry = [made(rule, moddle, description)];
  rule.description = undefined;
  return { rule, description };
}

function made(rule, moddle, text) {
  const entry = moddle.create('dmn:RuleAnnotation', { text });
  entry.$parent = rule;
  return entry;
}

function rulesOf(definitions) {
  const tables = (definitions?.drgElement ?? []).map((one) => one.decisionLogic).filter((one) => one?.$type === 'dmn:DecisionTable');
  return tables.flatMap((table) => (table.rule ?? []).map((rule) => ({ table, rule })));
}
