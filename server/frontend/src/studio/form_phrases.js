// What the preview of forms says itself, in both languages.
import { teller } from './teller.js';

/** Return the text `key` in the language of the page, its {places} filled from `args`. */
export const tell = teller({
  zh: {
    preview: '预览',
    design: '编辑',
    as: '以谁的身份看',
    fillsIn: '{role}（办理“{task}”）',
    onlyReads: '其他人（只看不填）',
    nobody: '还没有任务使用这份表单',
    sample: '示例数据',
    sampleTold: '表单中用到的案卷数据。填写后看哪些字段出现、哪些必填。',
    noSample: '这份表单不使用案卷数据。',
    showForm: '按数据预览',
    submitSample: '试提交',
    taken: '服务器会收下：',
    faults: '服务器会退回：',
    nothingTaken: '没有内容',
    unreadable: '这份文件无法显示。请看下方的检查结果。',
    failed: '服务器暂时没有回答，请稍后再试。',
  },
  en: {
    preview: 'Preview',
    design: 'Edit',
    as: 'Seen as',
    fillsIn: '{role} (at “{task}”)',
    onlyReads: 'Others (who only read)',
    nobody: 'No task uses this form yet',
    sample: 'Sample data',
    sampleTold: 'Facts of the case that the form uses. Fill them in and see which fields show and which are required.',
    noSample: 'This form uses no facts of the case.',
    showForm: 'Preview with this data',
    submitSample: 'Try to submit',
    taken: 'The server would take:',
    faults: 'The server would refuse:',
    nothingTaken: 'nothing',
    unreadable: 'This file cannot be shown. The findings below say why.',
    failed: 'The server does not answer just now; try again later.',
  },
});
