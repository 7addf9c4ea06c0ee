// A line chart of the last minute, with the current value in text.

import { el, svg } from './dom.js';
import { SPAN } from './live.js';

const WIDTH = 240;
const HEIGHT = 56;
const GAP = 3000;

/** `format` makes text of a value. The chart's text alternative says the current, lowest and highest value. */
export function chart(id, title, format) {
  const line = svg('path', { class: 'line' });
  const area = svg('path', { class: 'area' });
  const picture = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${title}: no values yet`, preserveAspectRatio: 'none' }, area, line);
  const value = el('strong', { id: `${id}-value`, class: 'chart-value' }, '–');
  const range = el('span', { class: 'hint' }, 'No values yet');
  return {
    node: el('figure', { id, class: 'chart' }, el('figcaption', {}, el('span', {}, title), value), picture, range),
    /** `points`: `{at, value}` in milliseconds and the chart's unit, null where nothing is known. */
    show(points, now) {
      const known = points.filter((point) => point.value !== null);
      const last = points.at(-1)?.value ?? null;
      value.textContent = last !== null ? format(last) : known.length > 0 ? 'unknown' : '–';
      if (known.length === 0) {
        range.textContent = 'No values yet';
        picture.setAttribute('aria-label', `${title}: no values yet`);
        line.setAttribute('d', '');
        area.setAttribute('d', '');
        return;
      }
      const values = known.map((point) => point.value);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      range.textContent = `Last 60 s: ${format(low)} to ${format(high)}`;
      picture.setAttribute('aria-label', `${title}, last 60 seconds: now ${value.textContent}, lowest ${format(low)}, highest ${format(high)}`);
      const runs = unbroken(known).map((run) => run.map((point) => place(point, now, high)));
      line.setAttribute('d', runs.map((run) => `M${run.join('L')}`).join(''));
      area.setAttribute('d', runs.map((run) => `M${run[0][0]},${HEIGHT}L${run.join('L')}L${run.at(-1)[0]},${HEIGHT}Z`).join(''));
    },
  };
}

/** Splits where the connection was interrupted: no line is drawn there. */
function unbroken(points) {
  const runs = [];
  for (const point of points) {
    const run = runs.at(-1);
    if (run && point.at - run.at(-1).at <= GAP) run.push(point);
    else runs.push([point]);
  }
  return runs;
}

function place({ at, value }, now, high) {
  const x = WIDTH * (1 - (now - at) / SPAN);
  const y = HEIGHT - 2 - (HEIGHT - 6) * (high === 0 ? 0 : value / high);
  return [x.toFixed(1), y.toFixed(1)];
}
