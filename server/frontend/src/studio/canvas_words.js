// Chinese for the strings of the canvas and of the panel's own groups; what is missing is kept for a test to see.
import community from 'bpmn-js-i18n/translations/zn.js';
import { chinese } from '../page.js';
import { fill } from './words.js';

const own = {
  '<empty>': '（空）',
  '<none>': '（无）',
  'Activity reference': '补偿的活动',
  'Ad-hoc sub-process': '自由子流程',
  'Align elements': '对齐元素',
  'Align elements ': '对齐元素',
  'Boundary event': '边界事件',
  'Cancel remaining instances': '取消其余各份',
  'Change element': '更改元素',
  'Close minimap': '收起缩略图',
  Code: '代码',
  Compensation: '补偿',
  Completion: '完成',
  'Completion condition': '完成条件',
  Create: '新建',
  'Create new ...': '新建……',
  'Create new list item': '新建一项',
  Cycle: '周期',
  Date: '日期',
  'Delete item': '删除此项',
  'Distribute elements horizontally': '横向等距分布',
  'Distribute elements vertically': '纵向等距分布',
  Documentation: '说明',
  Duration: '时长',
  'Element documentation': '给办理人的说明',
  Error: '错误',
  Escalation: '升级',
  'Event based instantiating Gateway': '启动流程的事件网关',
  Executable: '可运行',
  'Expanded pool/participant': '展开的池（参与者）',
  'FEEL expression is mandatory': '须填写表达式',
  General: '基本信息',
  'Global error reference': '错误',
  'Global escalation reference': '升级',
  'Global message reference': '消息',
  'Global signal reference': '信号',
  ID: '标识',
  'ID must be a valid QName.': '标识须以字母或下划线开头，只含字母、数字、点、横线和下划线。',
  'ID must be unique.': '标识已被使用。',
  'ID must not be empty.': '请填写标识。',
  'ID must not contain prefix.': '标识不能带前缀。',
  'ID must not contain spaces.': '标识不能含空格。',
  'JSON contains errors': 'JSON 有误',
  Link: '链接',
  'Loop cardinality': '份数',
  Message: '消息',
  'Multi-instance': '会签（多实例）',
  'Multiple elements are selected. Select a single element to edit its properties.': '选中了多个元素；请只选一个来编辑属性。',
  Name: '名称',
  'Open documentation': '打开说明',
  'Open minimap': '打开缩略图',
  'Open pop-up editor': '在大窗口中编辑',
  'Opened in editor': '正在大窗口中编辑',
  'Parallel Event based instantiating Gateway': '启动流程的并行事件网关',
  'Participant ID': '参与者标识',
  'Participant Name': '参与者名称',
  'Process ID': '流程标识',
  'Process documentation': '流程说明',
  'Process name': '流程名称',
  'Search in diagram': '在图中查找',
  'Section contains an error': '此组有错误',
  'Section contains edits': '此组已填写',
  'Select an element to edit its properties.': '选中一个元素来编辑属性。',
  Signal: '信号',
  Timer: '定时器',
  'Toggle list item': '展开或收起此项',
  'Toggle non-interrupting': '切换为不中断',
  'Toggle section': '展开或收起此组',
  Type: '类型',
  'Unparsable FEEL expression.': '表达式无法解析。',
  Value: '取值',
  'Version tag': '版本标签',
  'Wait for completion': '等待完成',
};

const dictionary = { ...community, ...own };
const missing = new Set();
window.icityMissing = missing;

function translate(template, replacements = {}) {
  const text = chinese() ? dictionary[template] : template;
  if (text === undefined) missing.add(template);
  return fill(text ?? template, replacements);
}

/** The translate service of bpmn-js for the language of the page. */
export default { translate: ['value', translate] };
