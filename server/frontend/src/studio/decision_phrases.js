// What the editor of decisions says itself, in both languages.
import { teller } from './teller.js';

/** Return the text `key` in the language of the page, its {places} filled from `args`. */
export const tell = teller({
  zh: {
    graph: '决策关系图',
    firedRow: '成立',
    pick: '选择单位或角色',
    addRow: '新增一行',
    fillCell: '填入所选单元格',
    unreadable: '这份文件无法显示：不是 DMN 1.3 决策文件，或内容已损坏。请看下方的检查结果。',
  },
  en: {
    graph: 'Decision graph',
    firedRow: 'fires',
    pick: 'Choose an organisation or a role',
    addRow: 'Add a row',
    fillCell: 'Put into the chosen cell',
    unreadable: 'This file cannot be shown: it is no DMN 1.3, or it is damaged. The findings below may say why.',
  },
});
