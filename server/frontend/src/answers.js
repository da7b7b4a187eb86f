// The answers in an open form: read as they stand, and changed from outside of its fields.
// form-js tells what stands in it only when something changes, so whoever opens a form lets this file watch it.

const standing = new WeakMap();
const watchers = new WeakMap();

/** Watch `form`, opened with `schema` and `values`, from now on. */
export function watch(form, { schema, values }) {
  standing.set(form, { schema, roots: roots(schema), data: values, errors: {} });
  watchers.set(form, new Set());
  form.on('changed', ({ data, errors }) => {
    Object.assign(standing.get(form), { data, errors });
    for (const tell of watchers.get(form)) tell(answersOf(form));
  });
}

/** Call `tell` with the answers whenever they change. */
export function onChange(form, tell) {
  watchers.get(form).add(tell);
}

/** Return what stands in the fields of `form` now, checked by nobody, without the facts around them. */
export function answersOf(form) {
  const { data, roots: names } = standing.get(form);
  return Object.fromEntries([...names].filter((name) => data[name] !== undefined).map((name) => [name, data[name]]));
}

/** Put `answers` over what stands in `form`; a field that is not named keeps what it has. */
export function change(form, answers) {
  const known = standing.get(form);
  return form.importSchema(known.schema, { ...known.data, ...answers });
}

/** Change one field of `form`, as if it had been typed there; false where the form does not show such a field. */
export function put(form, path, value) {
  const shown = form.get('formFieldInstanceRegistry').getAll();
  const fieldInstance = shown.find(({ valuePath }) => valuePath.join('.') === path);
  if (fieldInstance) form._update({ fieldInstance, value }); // form-js has no other way that leaves the focus alone
  return Boolean(fieldInstance);
}

/** Return the paths of the fields that `form` shows now. */
export function shownIn(form) {
  return new Set(form.get('formFieldInstanceRegistry').getAll().map(({ valuePath }) => valuePath.join('.')));
}

/** Return the paths of the fields that `form` shows and does not let anybody change. */
export function lockedIn(form) {
  const fields = form.get('formFieldRegistry');
  const shown = form.get('formFieldInstanceRegistry').getAll();
  const locked = shown.filter(({ id }) => fields.get(id)?.readonly === true || fields.get(id)?.disabled);
  return new Set(locked.map(({ valuePath }) => valuePath.join('.')));
}

/** Return what `form` says is wrong, by the paths of its fields; rows of lists are left out. */
export function refusedIn(form) {
  const { errors } = standing.get(form);
  const shown = form.get('formFieldInstanceRegistry').getAll();
  const wrong = shown.filter(({ id }) => Array.isArray(errors[id]) && errors[id].length);
  return Object.fromEntries(wrong.map(({ id, valuePath }) => [valuePath.join('.'), errors[id][0]]));
}

/** Return what the fields of `form` are called, by their paths. */
export function labelsIn(form) {
  return named(standing.get(form).schema.components ?? [], '');
}

function named(components, prefix) {
  return Object.assign({}, ...components.map((one) => label(one, prefix)));
}

function label(one, prefix) {
  const path = [prefix, one.key ?? one.path].filter(Boolean).join('.');
  if (one.type === 'group') return named(one.components ?? [], path);
  const text = one.label ?? one.dateLabel;
  return path && text ? { [path]: text } : {};
}

function roots(schema) {
  const found = new Set();
  for (const one of schema.components ?? []) {
    const path = one.key ?? one.path;
    if (path) found.add(path.split('.')[0]);
    else if (one.components) for (const name of roots(one)) found.add(name);
  }
  return found;
}
