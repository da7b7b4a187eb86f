// The builder of a timer: its kind, its size, and the next dates as the server's own calendar reckons them.
import { h } from '@bpmn-io/properties-panel/preact';
import { useEffect, useState } from '@bpmn-io/properties-panel/preact/hooks';
import { useService } from 'bpmn-js-properties-panel';
import { headers } from '../page.js';
import { sentence } from '../notice.js';
import { label } from './panel_words.js';

const TAGS = { date: 'timeDate', duration: 'timeDuration', cycle: 'timeCycle' };
const UNITS = ['Y', 'M', 'W', 'D', 'TH', 'TM'];
const SIMPLE = /^(?:R(?<times>\d*)\/)?P(?<time>T?)(?<count>\d+)(?<unit>[YMWDH])$/;
const FIRST = { date: () => '', duration: () => 'P1M', cycle: () => 'R/P1Y' };
const PAUSE = 300;

/** Return the timer definition of an event, if it has one. */
export function timerOf(object) {
  return object.eventDefinitions?.find((one) => one.$type === 'bpmn:TimerEventDefinition');
}

/** Return the entries of a timer event. */
export function timers(element, desk) {
  return [{ id: 'timer-builder', element, desk, component: Builder, isEdited: () => true }];
}

function Builder({ element, desk }) {
  const [modeling, factory] = [useService('modeling'), useService('bpmnFactory')];
  const definition = timerOf(element.businessObject);
  const { kind, text } = said(definition);
  const put = (next, value) => modeling.updateModdleProperties(element, definition, expressed(definition, next, value, factory));
  const row = element.businessObject.get('icity:deadline');
  return h('div', { class: 'bio-properties-panel-entry icity-timer', 'data-entry-id': 'timer' },
    row ? null : field('timer-kind', label('timer.kind'), kinds(kind, (next) => put(next, FIRST[next]()))),
    row ? null : size(kind, text, (value) => put(kind, value)),
    row ? null : field('timer-text', label('timer.text'), input('timer-text', text, (value) => put(kind, value))),
    h(Dates, { kind, text, row, anchor: element.businessObject.get('icity:anchor') ?? '', desk }));
}

function said(definition) {
  for (const [kind, tag] of Object.entries(TAGS)) if (definition.get(tag)) return { kind, text: definition.get(tag).body ?? '' };
  return { kind: 'duration', text: '' };
}

function expressed(definition, kind, body, factory) {
  const cleared = { timeDate: undefined, timeDuration: undefined, timeCycle: undefined };
  const expression = factory.create('bpmn:FormalExpression', { body });
  expression.$parent = definition;
  return { ...cleared, [TAGS[kind]]: expression };
}

function kinds(kind, act) {
  return h('select', { id: 'timer-kind', class: 'bio-properties-panel-input', value: kind, onChange: (event) => act(event.target.value) },
    Object.keys(TAGS).map((one) => h('option', { key: one, value: one }, label(`timer.${one}`))));
}

// Number and unit; what is written in another way stays as it is and is changed as text.
function size(kind, text, act) {
  if (kind === 'date') return null;
  const { times = '', time = '', count = '', unit = 'M' } = text.match(SIMPLE)?.groups ?? {};
  const written = (told) => {
    const { n, u, r } = { n: count || '1', u: time + unit, r: times, ...told };
    const part = u.startsWith('T') ? `PT${n}${u.slice(1)}` : `P${n}${u}`;
    act(kind === 'cycle' ? `R${r}/${part}` : part);
  };
  const units = h('select', { id: 'timer-unit', class: 'bio-properties-panel-input', value: time + unit, onChange: (event) => written({ u: event.target.value }) },
    UNITS.map((one) => h('option', { key: one, value: one }, label(`unit.${one}`))));
  const number = (id, value, key) => input(id, value, (next) => written({ [key]: next.replace(/\D/g, '') }), 'number');
  return h('div', { class: 'icity-size' },
    field('timer-count', label('timer.count'), number('timer-count', count, 'n')),
    field('timer-unit', label('timer.unit'), units),
    kind === 'cycle' ? field('timer-times', label('timer.times'), number('timer-times', times, 'r')) : null);
}

function Dates({ kind, text, row, anchor, desk }) {
  const [from, setFrom] = useState('');
  const [told, setTold] = useState(null);
  const question = new URLSearchParams({ kind, text, anchor, from, ...(row ? { deadline: row } : {}), ...(desk.info.revision ? { revision: desk.info.revision } : {}) }).toString();
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(async () => {
      const answer = await ask(question);
      if (!gone) setTold(answer);
    }, PAUSE);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [question]);
  return h('div', { class: 'icity-dates' },
    field('timer-from', label('timer.from'), input('timer-from', from, setFrom, 'date')),
    h('p', { class: 'bio-properties-panel-label' }, label('timer.next')),
    told?.why ? h('p', { role: 'status' }, told.why) : null,
    h('ol', { id: 'timer-dates' }, (told?.dates ?? []).map((one) => h('li', { key: one.at }, one.text, one.provisional ? ` ${label('provisional')}` : ''))));
}

async function ask(question) {
  try {
    const reply = await fetch(`/studio/timers?${question}`, { headers: { ...headers(), Accept: 'application/json' } });
    const body = await reply.text();
    return reply.ok ? JSON.parse(body) : { dates: [], why: sentence(body) };
  } catch {
    return { dates: [], why: '' };
  }
}

function field(id, textContent, control) {
  return h('div', { class: 'icity-field' }, h('label', { class: 'bio-properties-panel-label', for: id }, textContent), control);
}

function input(id, value, act, type = 'text') {
  return h('input', { id, type, value, min: type === 'number' ? 1 : undefined, class: 'bio-properties-panel-input', onChange: (event) => act(event.target.value) });
}
