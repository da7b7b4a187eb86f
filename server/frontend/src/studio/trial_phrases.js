// What the row in which a decision is tried says itself, in both languages.
import { teller } from './teller.js';

/** Return the text `key` in the language of the page, its {places} filled from `args`. */
export const tell = teller({
  zh: {
    tryTold: '填写条件的值，看哪些规则成立、得出什么结果。用的是服务器正式办理时的同一套判断。',
    run: '试算',
    nothing: '这份文件里没有可以试算的决策。',
    anything: '可留空',
    answer: '结果',
    none: '没有规则成立',
    fired: '成立的规则：{rules}',
    rule: '第 {number} 条',
    noAnswer: '没有结果',
    yes: '是',
    no: '否',
    failed: '服务器暂时没有回答，请稍后再试。',
  },
  en: {
    tryTold: 'Type values and see which rules fire and what comes out. The server decides as it does in earnest.',
    run: 'Try',
    nothing: 'There is no decision to try in this file.',
    anything: 'may stay empty',
    answer: 'Answer',
    none: 'No rule fires',
    fired: 'Rules that fire: {rules}',
    rule: '{number}',
    noAnswer: 'No answer',
    yes: 'yes',
    no: 'no',
    failed: 'The server does not answer just now; try again later.',
  },
});
