// What the studio's editors say themselves, in both languages.
import { chinese } from '../page.js';

const table = {
  zh: {
    loading: '正在打开……',
    unsaved: '有未保存的修改',
    saving: '正在保存……',
    saved: '已保存 {when}',
    opened: '{who} 于 {when} 保存',
    fresh: '尚未修改',
    readonly: '只读',
    offline: '连不上服务器，修改保存在本机，恢复后自动提交',
    refused: '未能保存：{why}',
    recovered: '已恢复本机上尚未保存的修改',
    signIn: '登录已失效，请在新窗口登录后继续；修改保存在本机',
    conflict: '有人同时修改了这份文件',
    findings: '检查结果',
    none: '没有发现问题',
    errors: '{count} 处错误',
    warnings: '{count} 处提醒',
    error: '错误',
    warning: '提醒',
    elsewhere: '{file}',
    unchecked: '暂时无法检查，请稍后再试',
    conflictTitle: '有人已经保存了这份文件',
    conflictTold: '{who} 于 {when} 保存了另一份内容。两份都完整保留着，请选择用哪一份；也可先下载自己的一份。',
    conflictTheirs: '对方改了什么',
    conflictMine: '您改了什么',
    keepMine: '保留我的，覆盖对方的',
    takeTheirs: '采用对方的，放弃我的',
    download: '下载我的一份',
    same: '内容相同',
    whole: '整个文件',
    somebody: '他人',
    sequenceFlow: '顺序流',
    messageFlow: '消息流',
    startEvent: '开始事件',
    endEvent: '结束事件',
    boundaryEvent: '边界事件',
    intermediateCatchEvent: '中间捕获事件',
    intermediateThrowEvent: '中间抛出事件',
    exclusiveGateway: '排他网关',
    parallelGateway: '并行网关',
    inclusiveGateway: '包容网关',
    eventBasedGateway: '事件网关',
    userTask: '用户任务',
    serviceTask: '服务任务',
    process: '流程',
    association: '关联线',
    textAnnotation: '文本注释',
    definitions: '整个文件',
  },
  en: {
    loading: 'Opening…',
    unsaved: 'Changes not saved yet',
    saving: 'Saving…',
    saved: 'Saved {when}',
    opened: 'Draft saved by {who}, {when}',
    fresh: 'Not changed yet',
    readonly: 'Read only',
    offline: 'No connection; changes are kept on this computer and sent later',
    refused: 'Not saved: {why}',
    recovered: 'Changes kept on this computer were brought back',
    signIn: 'You are signed out; sign in again in another window. Changes are kept on this computer',
    conflict: 'Somebody else changed this file',
    findings: 'Findings',
    none: 'Nothing found',
    errors: '{count} errors',
    warnings: '{count} warnings',
    error: 'Error',
    warning: 'Warning',
    elsewhere: '{file}',
    unchecked: 'Cannot be checked just now; try again later',
    conflictTitle: 'Somebody saved this file already',
    conflictTold:
      '{who} saved other content, {when}. Both are kept whole: choose which goes on, or download yours first.',
    conflictTheirs: 'What they changed',
    conflictMine: 'What you changed',
    keepMine: 'Keep mine, over theirs',
    takeTheirs: 'Take theirs, give mine up',
    download: 'Download mine',
    same: 'The same content',
    whole: 'The whole file',
    somebody: 'Somebody else',
  },
};

/** Return the text `key` in the language of the page, its {places} filled from `args`. */
export function say(key, args = {}) {
  const text = table[chinese() ? 'zh' : 'en'][key] ?? key;
  return fill(text, args);
}

/** Return `text` with its {places} filled from `args`. */
export function fill(text, args = {}) {
  return text.replace(/{([^}]+)}/g, (whole, name) => args[name] ?? whole);
}

/** Return a moment (ISO 8601) as a clock in Asia/Shanghai tells it; with its day when that is not today. */
export function moment(text) {
  const at = new Date(text);
  const day = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone: 'Asia/Shanghai' });
  const time = new Intl.DateTimeFormat('sv-SE', { timeStyle: 'short', timeZone: 'Asia/Shanghai' }).format(at);
  return day.format(at) === day.format(new Date()) ? time : `${day.format(at)} ${time}`;
}
