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
  'Close popup': '关闭窗口',
  'Close minimap': '收起缩略图',
  'Click to remove dynamic value with FEEL expression': '改为固定文字',
  'Click to set a dynamic value with FEEL expression': '改为表达式',
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
  'List contains {numOfItems} item': '共 {numOfItems} 项',
  'List contains {numOfItems} items': '共 {numOfItems} 项',
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
  'Opened in popup': '正在大窗口中编辑',
  'Save and close': '保存并关闭',
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

// The panel calls an element by its type, written in words: an event by its definition, its place, its effect.
const types = {
  Association: '关联线', 'Boundary Event': '边界事件', 'Business Rule Task': '业务规则任务', 'Call Activity': '调用活动',
  'Collapsed Sub Process': '收起的子流程', Collaboration: '协作图', 'Complex Gateway': '复杂网关', 'Conditional Flow': '条件流',
  'Data Input': '数据输入', 'Data Input Association': '数据输入关联', 'Data Object Reference': '数据对象',
  'Data Output': '数据输出', 'Data Output Association': '数据输出关联', 'Data Store Reference': '数据存储',
  'Default Flow': '默认流', 'End Event': '结束事件', 'Event Based Gateway': '事件网关', 'Event Sub Process': '事件子流程',
  'Exclusive Gateway': '排他网关', 'Expanded Sub Process': '展开的子流程', Group: '分组', 'Inclusive Gateway': '包容网关',
  'Ad Hoc Sub Process': '自由子流程', 'Intermediate Catch Event': '中间捕获事件', 'Intermediate Throw Event': '中间抛出事件', Lane: '泳道',
  'Manual Task': '手工任务', 'Message Flow': '消息流', 'Parallel Gateway': '并行网关', Participant: '参与者', Process: '流程',
  'Receive Task': '接收任务', 'Script Task': '脚本任务', 'Send Task': '发送任务', 'Sequence Flow': '顺序流',
  'Service Task': '服务任务', 'Start Event': '开始事件', Task: '任务', 'Text Annotation': '文本注释', Transaction: '事务',
  'User Task': '用户任务', Label: '标签',
};
const definitions = {
  Cancel: '取消', Compensate: '补偿', Conditional: '条件', Error: '错误', Escalation: '升级', Link: '链接', Message: '消息',
  Signal: '信号', Terminate: '终止', Timer: '定时',
};

function typed(name) {
  const [, kind, place, effect] = name.match(/^(?:(\w+) )?((?:Start|End|Boundary|Intermediate \w+) Event)( \(Non Interrupting\))?$/) ?? [];
  if (!place) return types[name];
  return `${kind ? definitions[kind] : ''}${types[place]}${effect ? '（不中断）' : ''}`;
}

const dictionary = { ...community, ...own };
const missing = new Set();
window.icityMissing = missing;

function translate(template, replacements = {}) {
  const text = chinese() ? dictionary[template] ?? typed(template) : template;
  if (text === undefined) missing.add(template);
  return fill(text ?? template, replacements);
}

// The build lets the panel call this for the strings it does not hand to its translate service.
globalThis.icityPanel = translate;

/** The translate service of bpmn-js for the language of the page. */
export default { translate: ['value', translate] };
