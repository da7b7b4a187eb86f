// What differs between two contents of a diagram, in words for whoever must choose between them.
import { diff } from 'bpmn-js-differ';
import { chinese } from '../page.js';
import { label } from './panel_words.js';

const words = {
  zh: { added: '新增“{name}”', removed: '删除“{name}”', changed: '修改“{name}”：{what}', moved: '移动了 {count} 个图形' },
  en: { added: 'Added {name}', removed: 'Removed {name}', changed: 'Changed {name}: {what}', moved: 'Moved {count} shapes' },
};
const NAMES = { name: { zh: '名称', en: 'name' }, documentation: { zh: '说明', en: 'documentation' } };
const OTHER = { zh: '设置', en: 'settings' };
const UNTOLD = new Set(['bpmn:SequenceFlow']); // a flow without a name goes with its nodes

/** Return the differences between two XML texts as sentences; `moddle` reads them. Raise where one cannot be read. */
export async function changesBetween(before, after, moddle) {
  const [one, other] = await Promise.all([before, after].map(async (xml) => (await moddle.fromXML(xml)).rootElement));
  const found = diff(one, other);
  const [added, removed] = [told('added', found._added), told('removed', found._removed)];
  const changed = Object.values(found._changed).map(({ model, attrs }) => speak('changed', { name: nameOf(model), what: what(attrs) }));
  const count = Object.keys(found._layoutChanged).length;
  return [...added, ...removed, ...changed, ...(count ? [speak('moved', { count })] : [])];
}

function told(key, models) {
  const some = Object.values(models).filter((model) => !UNTOLD.has(model.$type) || model.name);
  return some.map((model) => speak(key, { name: nameOf(model) }));
}

function nameOf(model) {
  const { sourceRef, targetRef } = model;
  if (!model.name && sourceRef?.id && targetRef?.id) return `${nameOf(sourceRef)} → ${nameOf(targetRef)}`;
  return model.name || model.id || '';
}

function what(attributes) {
  const keys = Object.keys(attributes ?? {}).map((key) => key.split('.')[0].replace('icity:', ''));
  const names = keys.map((key) => NAMES[key]?.[language()] ?? (label(key) || OTHER[language()]));
  return [...new Set(names)].join(language() === 'zh' ? '、' : ', ') || OTHER[language()];
}

function speak(key, args) {
  return words[language()][key].replace(/{([^}]+)}/g, (whole, name) => args[name] ?? whole);
}

function language() {
  return chinese() ? 'zh' : 'en';
}
