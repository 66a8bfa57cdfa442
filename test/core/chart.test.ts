import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curveRows, renderChart, resampled } from '../../src/core/chart.ts';
import type { Sample } from '../../src/core/scale-curve.ts';

function sample(seconds: number, wanted: number, ready: number, messages: number): Sample {
  return { seconds, countedSeconds: seconds, wanted, ready, messages };
}

function ramp(count: number): readonly Sample[] {
  return Array.from({ length: count }, (_, index) => sample(index / 2, index % 16, index % 16, count - index));
}

test('never has more than 60 points, evenly spaced, and loses no peak', () => {
  const points = resampled([...ramp(500), sample(250, 40, 40, 0)]);
  assert.equal(points.length, 60);
  assert.equal(Math.max(...points.map(one => one.ready)), 40);
  const gaps = points.slice(1).map((one, index) => one.seconds - (points[index]?.seconds ?? 0));
  assert.ok(gaps.every(gap => Math.abs(gap - 250 / 59) < 1e-9));
});

test('has two points at least, since one alone shows nothing', () => {
  assert.equal(resampled([sample(0, 0, 0, 1)]).length, 2);
});

test('repeats the last values where a span has no sample', () => {
  const points = resampled([sample(0, 3, 2, 9), sample(5, 0, 0, 0)]);
  assert.deepEqual(
    points.map(one => one.ready),
    [2, 2, 2, 2, 2, 0],
  );
});

test('draws replicas as bars and messages in a unit that fits the axis', () => {
  const chart = renderChart([sample(0, 0, 0, 1000), sample(1, 16, 16, 500)], 'orders');
  assert.equal(
    chart,
    [
      '```mermaid',
      '%%{init: {"xyChart": {"width": 900, "height": 320}, "themeVariables": {"xyChart": {"backgroundColor": "transparent", "plotColorPalette": "#0969da, #bf8700"}}}}%%',
      'xychart-beta',
      '  title "orders: ready replicas (blue), messages in units of 62.5 (yellow)"',
      '  x-axis "seconds" 0 --> 1',
      '  y-axis "replicas" 0 --> 17',
      '  bar [0, 16]',
      '  line [16, 8]',
      '```',
    ].join('\n'),
  );
});

test('keeps the block whole for a name with quotation marks and for a curve of zeros', () => {
  const chart = renderChart([sample(0, 0, 0, 0)], 'a "b"\nc');
  assert.match(chart, /title "a b c: ready/);
  assert.match(chart, /y-axis "replicas" 0 --> 2/);
  assert.doesNotMatch(chart, /NaN|Infinity/);
});

test('lists the moments of change with a bar for each', () => {
  const samples = [0, 0, 1, 1, 4, 0].map((ready, index) => sample(index, ready, ready, 6 - index));
  assert.deepEqual(
    curveRows(samples).map(row => [row.seconds, row.ready, row.bar]),
    [
      ['0.0', 0, ''],
      ['2.0', 1, '█'],
      ['4.0', 4, '████'],
      ['5.0', 0, ''],
    ],
  );
});

test('thins out a table that would be too long, and shortens bars of very many replicas', () => {
  const rows = curveRows([...ramp(300), sample(151, 900, 900, 0)]);
  assert.ok(rows.length <= 24);
  assert.ok(rows.every(row => row.bar.length <= 30));
});
