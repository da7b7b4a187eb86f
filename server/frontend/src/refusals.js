// Ties the server's refusals to the fields of a form: a field shows its refusal until its value changes.

class Refusals {
  constructor(validator, formFieldInstanceRegistry, form) {
    this.given = new Map();
    this.registry = formFieldInstanceRegistry;
    this.form = form;
    const check = validator.validateFieldInstance.bind(validator);
    validator.validateFieldInstance = (instance, value) => [...check(instance, value), ...this.against(instance, value)];
  }

  /** Show `fields` ({path: text}) beside their fields; return those that the form does not show. */
  show(fields, answers) {
    this.given.clear();
    const shown = new Set(this.registry.getAll().map((instance) => instance.valuePath.join('.')));
    for (const [path, text] of Object.entries(fields)) {
      this.given.set(path, { text, value: fingerprint(read(answers, path)) });
    }
    this.form.validate();
    return Object.entries(fields).filter(([path]) => !shown.has(path));
  }

  against(instance, value) {
    const refusal = this.given.get(instance.valuePath.join('.'));
    return refusal && refusal.value === fingerprint(value) ? [refusal.text] : [];
  }
}
Refusals.$inject = ['validator', 'formFieldInstanceRegistry', 'form'];

function read(answers, path) {
  return path.split('.').reduce((value, key) => value?.[key], answers);
}

function fingerprint(value) {
  return JSON.stringify(value === undefined || value === '' ? null : value);
}

export default { __init__: ['refusals'], refusals: ['type', Refusals] };
