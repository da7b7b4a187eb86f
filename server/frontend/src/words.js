// Chinese for the strings that form-js and the viewer of diagrams hand to their translate service.
import { chinese } from './page.js';

const chineseFor = {
  'Add new': '新增一行',
  'All values selected': '已全部选择',
  'Click to remove sorting': '点击取消排序',
  'Click to sort by {value} ascending': '点击按“{value}”升序排列',
  'Click to sort by {value} descending': '点击按“{value}”降序排列',
  Browse: '选择文件',
  Collapse: '收起',
  'Date and time must both be entered.': '日期和时间须同时填写。',
  Decrement: '减少',
  'Document reference is not defined.': '未指定文件。',
  'Download {fileName}': '下载 {fileName}',
  'Expand all ({value})': '全部展开（{value}）',
  "External content couldn't be loaded.": '外部内容无法加载。',
  'Field is required.': '必填项，请填写。',
  'Field must be a valid email.': '请输入有效的电子邮箱。',
  'Field must be a valid international phone number. (e.g. +4930664040900)': '请输入带国家代码的电话号码，例如 +8657100000000。',
  'Field must have maximum length of {value}.': '不得超过 {value} 个字符。',
  'Field must have maximum value of {value}.': '不得大于 {value}。',
  'Field must have minimum length of {value}.': '不得少于 {value} 个字符。',
  'Field must have minimum value of {value}.': '不得小于 {value}。',
  'Field must match pattern {value}.': '格式须符合 {value}。',
  Increment: '增加',
  'Max validation value is not a valid number.': '最大值的设置不是有效数字。',
  'Min validation value is not a valid number.': '最小值的设置不是有效数字。',
  'Next page': '下一页',
  'No content to show.': '暂无内容',
  'No files selected': '未选择文件',
  'No results': '无匹配项',
  'Nothing to show.': '暂无数据',
  'Open {element}': '打开“{element}”',
  'Please select a valid value, the two nearest valid values are {previousValue} and {nextValue}.':
    '请填写有效值，最接近的两个有效值是 {previousValue} 和 {nextValue}。',
  'Previous page': '上一页',
  'Remove tag': '移除标签',
  Search: '搜索',
  Select: '请选择',
  'Skip to search': '跳到搜索框',
  'Unable to download document': '文件无法下载',
  'Value is expected to be an integer.': '须为整数。',
  'Value is expected to have at most 1 decimal digit.': '最多 1 位小数。',
  'Value is expected to have at most {value} decimal digits.': '最多 {value} 位小数。',
  'Value is not a number.': '请输入数字。',
  'dd/mm/yyyy': '日/月/年',
  'mm/dd/yyyy': '月/日/年',
  'yyyy/mm/dd': '年/月/日',
  '{page} of {total}': '第 {page} 页，共 {total} 页',
  '{value} files selected': '已选择 {value} 个文件',
};

/** Strings that had no Chinese on this page; tests read it as `window.icityMissing`. */
const missing = (window.icityMissing ??= new Set());

function translate(template, replacements = {}) {
  const text = chinese() ? chineseFor[template] : template;
  if (text === undefined) missing.add(template);
  return (text ?? template).replace(/{([^}]+)}/g, (_, key) => replacements[key] ?? `{${key}}`);
}

// The build lets form-js call this for the strings it does not hand to its translate service.
// The editor of forms, which shows a form beside its own panel, has said already how.
globalThis.icityText ??= (text) => translate(text);

export default { translate: ['value', translate] };
