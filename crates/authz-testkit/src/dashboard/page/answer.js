// The answer to a call: the caller's view, and beside it the operator's.

import { announce, el, section, table } from './dom.js';

// What an operator looks for first.
const FIRST = ['reason', 'expected', 'actual', 'hint'];

/** `fault`: what is wrong with the token that was sent, so that the status can be compared. `note`: how it was sent. */
export function answer(response, fault, note) {
  const { status, reason_phrase: phrase, millis, headers, body, challenges, decisions, inspector_error: error } = response;
  const millisText = `${millis.toFixed(1)} ms`;
  announce(`${status} ${phrase} in ${millisText}`);
  return [
    el('div', { class: 'split even' },
      section('call-answer', 'What the caller sees',
        el('p', { class: 'status-line' },
          el('strong', { id: 'call-status', class: `status ${tone(status)}`, 'data-status': status }, `${status} ${phrase}`),
          el('span', { id: 'call-millis', class: 'hint' }, millisText)),
        note && el('p', { class: 'hint', id: 'call-note' }, note),
        fault && verdict(status, fault),
        challenges.map(challenge),
        el('h3', {}, 'Body'),
        body === '' ? el('p', { class: 'hint', id: 'call-answer-body' }, 'Empty')
          : el('pre', { id: 'call-answer-body', tabindex: '0', role: 'group', 'aria-label': 'Body of the answer' }, pretty(body)),
        el('details', { id: 'call-headers-more' }, el('summary', {}, `Headers (${headers.length})`),
          table('call-headers', 'Headers of the answer', ['Name', 'Value'], headers.map(([name, value]) => [el('code', {}, name), el('code', { class: 'value' }, value)])))),
      section('call-operator', 'What the operator sees',
        decisions === null ? el('p', { id: 'inspector-error', class: 'hint' }, error)
          : decisions.length === 0 ? el('p', { class: 'hint', id: 'no-decisions' }, error ?? 'The API made no decision about this request: the endpoint needs no token.')
          : decisions.map(decision))),
  ];
}

function verdict(status, { status: expected, title }) {
  return status === expected
    ? el('p', { class: 'hint', id: 'call-verdict', 'data-as-expected': 'true' }, `As expected for “${title}”.`)
    : el('p', { class: 'notice warn', id: 'call-verdict', 'data-as-expected': 'false' }, `Expected ${expected} for “${title}”.`);
}

function challenge({ scheme, parameters }, index) {
  return [
    el('h3', {}, 'WWW-Authenticate: ', el('code', {}, scheme)),
    parameters.length > 0 && table(`call-challenge-${index}`, `Parameters of the challenge ${scheme}`, ['Parameter', 'Value'],
      parameters.map(([name, value]) => [el('code', {}, name), el('code', { class: 'value' }, value)])),
  ];
}

function decision({ outcome, level, message, fields }) {
  const rank = ([name]) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const sorted = [...fields].sort((a, b) => rank(a) - rank(b));
  return el('div', { class: 'decision', 'data-outcome': outcome },
    el('p', { class: 'status-line' },
      el('strong', { class: `status ${{ allowed: 'good', refused: 'bad' }[outcome] ?? 'warn'}` }, outcome),
      el('span', {}, message), el('span', { class: 'hint' }, level)),
    el('dl', {}, sorted.map(([name, value]) => el('div', { 'data-name': name, class: FIRST.includes(name) ? 'first' : '' },
      el('dt', {}, name), el('dd', {}, name === 'hint' ? unquoted(value) : el('code', { class: 'value' }, unquoted(value)))))));
}

/** The log quotes texts from outside. In a table of their own they need no quotes. */
function unquoted(value) {
  try {
    const text = JSON.parse(value);
    return typeof text === 'string' ? text : value;
  } catch {
    return value;
  }
}

const tone = (status) => (status < 300 ? 'good' : status < 500 && status >= 400 ? 'bad' : 'warn');

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
