// Charts drawn from the JSON beside them; every one of them stands beside a table that says the same.
//
// A plot is <div data-chart="id"> where `id` names a <script type="application/json"> with
//   kind    radar | line | bar | heat
//   labels  the axes of a radar, the places along the x axis of the others
//   series  [{name, values: [number or null], marks: [indices to point out]}]; in a heat each is a row
//   unit    what the numbers are, shown with them
//   most    the end of every axis of a radar, and of the scale of a heat; else the largest number
//   joined  true draws a line over places without a number: nothing was measured there
//   lying   true lets bars lie, for long names
// or `choices`: a list of such charts, of which <select data-picks="id"> shows one.
import { init, use } from 'echarts/core';
import { BarChart, HeatmapChart, LineChart, RadarChart } from 'echarts/charts';
import {
  GridComponent, LegendComponent, RadarComponent, TooltipComponent, VisualMapContinuousComponent,
} from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';
import './chart.css';
import { data } from './page.js';

use([
  BarChart, HeatmapChart, LineChart, RadarChart, GridComponent, LegendComponent, RadarComponent, TooltipComponent,
  VisualMapContinuousComponent, SVGRenderer,
]);

const INK = '#1f2a37';
const QUIET = '#566273';
const LINE = '#dde3ea';
const TONES = ['#1a4f8f', '#b25e00', '#1d6b3f', '#7a3e9d', '#8c6d1f', '#566273', '#0f7b8a', '#b3261e'];
const DASHES = ['solid', 'dashed', 'dotted'];
const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond'];
const MARK = 11;
const POINT = 6;
const MANY = 12; // so many places turn their names, and so many rows lose the numbers in them
const SHADES = ['#f4f7fb', '#bcd0e8', '#5f8fc4', '#1a4f8f'];
const KINDS = { radar, line, bar, heat };
const seen = new ResizeObserver((entries) => entries.forEach(({ target }) => charts.get(target)?.resize()));
const charts = new WeakMap();

drawAll(document);
document.addEventListener('htmx:load', ({ detail }) => drawAll(detail.elt));
document.addEventListener('change', ({ target }) => {
  if (target.dataset?.picks) draw(plot(target.dataset.picks), Number(target.value));
});
document.documentElement.dataset.charts = 'ready';

function drawAll(within) {
  const found = [...within.querySelectorAll('[data-chart]')];
  if (within.matches?.('[data-chart]')) found.push(within);
  for (const host of found) draw(host, chosen(host.dataset.chart));
}

function plot(id) {
  return document.querySelector(`[data-chart="${id}"]`);
}

function chosen(id) {
  return Number(document.querySelector(`[data-picks="${id}"]`)?.value ?? 0);
}

function draw(host, choice) {
  const given = data(host.dataset.chart);
  const wanted = given.choices?.[choice] ?? given;
  if (!charts.has(host)) {
    charts.set(host, init(host, null, { renderer: 'svg' }));
    seen.observe(host);
  }
  const told = { ...wanted, legend: legendHeight(wanted, host.clientWidth) };
  charts.get(host).setOption({ ...common(told), ...KINDS[told.kind](told) }, true);
}

function common({ series, kind, unit }) {
  return {
    animation: false,
    color: TONES,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: INK },
    legend: { show: kind !== 'heat' && series.length > 1, bottom: 0, itemWidth: 28, itemHeight: 9, textStyle: { color: INK } },
    tooltip: {
      renderMode: 'richText', confine: true, trigger: kind === 'line' || kind === 'bar' ? 'axis' : 'item',
      valueFormatter: (value) => told(value, unit),
    },
  };
}

/** Return how high the names of the series stand below a chart, in pixels; Chinese letters are twice as wide. */
function legendHeight({ series, kind }, width) {
  if (kind === 'heat' || series.length < 2) return 0;
  const wide = series.map(({ name }) => 50 + [...name].reduce((sum, letter) => sum + (letter > '\u2e80' ? 12 : 7), 0));
  let [rows, used] = [1, 0];
  for (const one of wide) {
    if (used && used + one > width - 12) [rows, used] = [rows + 1, 0];
    used += one;
  }
  return 10 + 22 * rows;
}

function told(value, unit) {
  if (value === null || value === undefined || value === '-') return '—';
  if (Array.isArray(value)) return value.map((one) => told(one, unit)).join(' · ');
  return unit ? `${value} ${unit}` : String(value);
}

function radar({ labels, series, most, legend }) {
  const top = most ?? Math.max(...series.flatMap(({ values }) => values.map(Number)), 1);
  return {
    radar: {
      center: ['50%', `${50 - legend / 8}%`], radius: legend > 40 ? '54%' : '62%', splitNumber: 4,
      indicator: labels.map((name) => ({ name, max: top, min: 0 })),
      axisName: { color: INK, fontSize: 12, formatter: (name) => folded(name) },
      splitArea: { show: false }, splitLine: { lineStyle: { color: LINE } }, axisLine: { lineStyle: { color: LINE } },
    },
    series: [{
      type: 'radar',
      data: series.map(({ name, values }, index) => ({
        name,
        value: values,
        symbol: SYMBOLS[index % SYMBOLS.length],
        symbolSize: POINT,
        lineStyle: { width: index ? 2 : 2.5, type: DASHES[index % DASHES.length] },
        areaStyle: index ? undefined : { opacity: 0.12 },
      })),
    }],
  };
}

/** Return a long Chinese name on two lines; the axes of a radar have no room for more. */
function folded(name) {
  return name.length > 7 && !name.includes(' ') ? `${name.slice(0, 6)}\n${name.slice(6)}` : name.replace(/(.{14,}?) /g, '$1\n');
}

function axes({ labels, unit, lying, legend }) {
  const places = {
    type: 'category', data: labels, inverse: Boolean(lying), axisTick: { show: false }, axisLine: { lineStyle: { color: LINE } },
    axisLabel: { color: QUIET, fontSize: 12, rotate: !lying && labels.length > MANY ? 40 : 0, hideOverlap: true },
  };
  const numbers = {
    type: 'value', name: lying ? undefined : unit, nameTextStyle: { color: QUIET, align: 'left' }, scale: !lying,
    axisLabel: { color: QUIET, fontSize: 12 }, splitLine: { lineStyle: { color: LINE } },
  };
  return {
    grid: { left: 8, right: 16, top: lying || !unit ? 12 : 34, bottom: legend || 8, outerBoundsMode: 'same' },
    xAxis: lying ? numbers : places,
    yAxis: lying ? places : numbers,
  };
}

function line({ joined, ...wanted }) {
  return {
    ...axes(wanted),
    series: wanted.series.map(({ name, values, marks = [] }, index) => ({
      name,
      type: 'line',
      connectNulls: Boolean(joined),
      symbol: SYMBOLS[index % SYMBOLS.length],
      symbolSize: (_, { dataIndex }) => (marks.includes(dataIndex) ? MARK : POINT),
      showAllSymbol: true,
      lineStyle: { width: 2, type: DASHES[index % DASHES.length] },
      data: values.map((value, place) => (marks.includes(place) ? { value, symbol: 'pin', symbolSize: 2 * MARK } : value)),
    })),
  };
}

function bar(wanted) {
  const drawn = axes(wanted);
  for (const axis of [drawn.xAxis, drawn.yAxis]) if (axis.type === 'value') axis.scale = false;
  return {
    ...drawn,
    series: wanted.series.map(({ name, values }) => ({
      name, type: 'bar', barMaxWidth: 26, data: values,
      label: { show: wanted.labels.length <= MANY && wanted.series.length === 1, position: wanted.lying ? 'right' : 'top', color: INK },
    })),
  };
}

function heat({ labels, series, most }) {
  const cells = series.flatMap(({ values }, row) => values.map((value, place) => [place, row, value ?? '-']));
  const top = most ?? Math.max(...cells.map((cell) => Number(cell[2]) || 0), 1);
  const named = { axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: QUIET, fontSize: 12 }, type: 'category' };
  return {
    grid: { left: 8, right: 16, top: 8, bottom: 44, outerBoundsMode: 'same' },
    xAxis: { ...named, data: labels },
    yAxis: { ...named, data: series.map(({ name }) => name), inverse: true },
    visualMap: {
      type: 'continuous', min: 0, max: top, calculable: false, orient: 'horizontal', left: 'center', bottom: 0,
      itemHeight: 160, itemWidth: 12, inRange: { color: SHADES }, textStyle: { color: QUIET },
    },
    series: [{
      type: 'heatmap', data: cells, itemStyle: { borderColor: '#fff', borderWidth: 1 },
      label: { show: series.length <= MANY && labels.length <= MANY, color: INK, textBorderColor: '#fff', textBorderWidth: 2 },
    }],
  };
}
