// Times of a token: in the reader's time zone, and how far from now.

import { el } from './dom.js';

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const steps = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

export const secondsText = (seconds) => {
  const [unit, size] = steps.find(([, size]) => seconds >= size && seconds % size === 0) ?? ['second', 1];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
};

export const clockTime = (date) => date.toLocaleTimeString('en-GB');

export function timeNode(iso) {
  const date = new Date(iso);
  return el('span', { class: 'time' },
    el('time', { datetime: iso }, date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })),
    el('span', { class: 'hint', 'data-relative': iso }, fromNow(date)));
}

function fromNow(date) {
  const seconds = Math.round((date - Date.now()) / 1000);
  const [unit, size] = steps.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return relative.format(Math.trunc(seconds / size), unit);
}

setInterval(() => {
  for (const node of document.querySelectorAll('[data-relative]')) node.textContent = fromNow(new Date(node.dataset.relative));
}, 5000);
