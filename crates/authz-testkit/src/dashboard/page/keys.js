// The issuer's published keys, and whether the API knows them.

import { button, el } from './dom.js';
import { clockTime, secondsText } from './time.js';

// When this page first saw a key sign, by key id. Null for keys that signed before.
const since = new Map();
let watched = false;

/** Redraws only when something changes, so that focus stays on the buttons. */
export function keyTable(withdraw) {
  const body = el('tbody', { id: 'keys' });
  const none = el('p', { id: 'keys-none', class: 'hint', hidden: true }, 'No key is published. Rotate to publish a new one.');
  let drawn = '';
  return {
    node: el('div', { class: 'table' }, none, el('table', { class: 'stack' },
      el('caption', { class: 'unseen' }, 'Published keys'),
      el('thead', {}, el('tr', {}, ['Key', 'Algorithm', 'Use', 'Known to the API', 'Action'].map((text) => el('th', { scope: 'col' }, text)))),
      body)),
    /** `api`: the last event's, null if the API can't be seen. */
    show(keys, api) {
      for (const { kid, signs } of keys) if (signs && !since.has(kid)) since.set(kid, watched ? new Date() : null);
      watched = true;
      const known = api && new Set(api.issuers.flatMap((issuer) => issuer.key_ids));
      const rows = keys.map((key) => [key, use(key), known ? (known.has(key.kid) ? 'Yes' : 'No') : 'Unknown']);
      for (const age of body.querySelectorAll('[data-since]')) age.textContent = ageText(new Date(age.dataset.since));
      const now = JSON.stringify(rows);
      if (now === drawn) return;
      drawn = now;
      none.hidden = keys.length > 0;
      body.parentElement.hidden = keys.length === 0;
      const focused = document.activeElement?.dataset.kid;
      body.replaceChildren(...rows.map((row) => draw(...row, withdraw)));
      // The button of a withdrawn key is gone.
      if (focused) (body.querySelector(`button[data-kid="${CSS.escape(focused)}"]`) ?? document.getElementById('rotate')).focus();
    },
  };
}

function draw(key, used, known, withdraw) {
  const first = key.signs && since.get(key.kid);
  return el('tr', { 'data-kid': key.kid, 'data-signs': String(key.signs) },
    el('th', { scope: 'row' }, el('code', { class: 'value' }, key.kid)),
    el('td', {}, key.alg),
    el('td', {}, key.signs ? el('strong', { class: 'status good' }, used) : used,
      first && el('span', { class: 'hint', 'data-since': first.toISOString() }, ageText(first))),
    el('td', { 'data-label': 'Known to the API' }, known),
    el('td', {}, button('Withdraw', () => withdraw(key.kid), { 'data-kid': key.kid, 'aria-label': `Withdraw key ${key.kid}` })));
}

const use = (key) => (key.signs ? 'Signs' : 'Published only');

const ageText = (first) => `since ${clockTime(first)}, ${secondsText(Math.round((Date.now() - first) / 1000))}`;
