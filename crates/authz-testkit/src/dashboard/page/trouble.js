// Trouble on purpose: rotates and withdraws keys, disturbs the key server, and watches how the API copes.

import { chart } from './chart.js';
import { announce, button, el, section, viewHead } from './dom.js';
import { choices, field, formError, input, numberOrNull, showError } from './form.js';
import { keyTable } from './keys.js';
import { connect, levels, listen, rates } from './live.js';
import { post } from './server.js';
import { accept, callForm, remember, state } from './state.js';

const FAULTS = [
  ['none', 'None', 'The key server works.'],
  ['slow', 'Slow', 'It answers after a delay.'],
  ['hang', 'Hang', 'It accepts the connection and never answers.'],
  ['status_503', 'Status 503', 'It answers 503 Service Unavailable.'],
  ['reset', 'Reset', 'It resets the connection.'],
  ['endless', 'Endless', 'Its answer never ends.'],
  ['empty', 'Empty', 'It answers with a key set without keys.'],
  ['html', 'HTML', 'It answers with a web page instead of JSON.'],
];

export function trouble() {
  const keys = keyTable(withdraw);
  const error = formError('trouble-error');
  const standing = el('p', { id: 'api-standing', class: 'standing-line', role: 'status' }, 'Waiting for the first event.');
  const detail = el('div', { id: 'api-detail' });
  const port = input('trouble-port', callForm().port, { type: 'number', inputmode: 'numeric', min: 1, max: 65535 });
  const charts = chartRow();
  let api = null;
  const fault = el('fieldset', { id: 'key-fault' }, el('legend', {}, 'Fault of the key server'),
    el('p', { class: 'hint' }, 'It applies to the key set and to the discovery document, at once.'),
    choices('radio', 'key-fault', FAULTS.map(([value, label, about]) => ({ value, label, about })), [state().fault]));
  fault.addEventListener('change', ({ target }) => cause({ fault: target.value }, `Fault: ${target.value}`));
  port.addEventListener('change', () => {
    remember('call', { ...callForm(), port: numberOrNull(port.value) });
    connect();
  });
  keys.show(state().keys, api);

  const node = el('div', {},
    viewHead('Trouble', 'Rotate keys and disturb the key server, and watch whether the API keeps working.'),
    error,
    el('section', { class: 'card', id: 'api-watch', 'aria-labelledby': 'api-watch-title' },
      el('div', { class: 'entry-head' }, el('h2', { id: 'api-watch-title' }, 'The API'), standing),
      charts.node, detail,
      field('inspector_port', 'Port of the API’s inspector', port)),
    el('div', { class: 'split even' },
      section('keys-section', 'Keys',
        el('p', { class: 'about' }, 'These keys are published. A withdrawn key is no longer published: tokens that it signed are refused once the API sees the new key set.'),
        keys.node,
        el('div', { class: 'actions' }, button('Rotate', () => cause({ rotate: true }, 'Rotated: a new key signs'), { id: 'rotate', class: 'primary' }))),
      el('div', { class: 'card' }, fault)));

  return { node, leave: listen(show) };

  async function cause(what, said) {
    error.textContent = '';
    try {
      accept((await post('/dashboard/trouble', what)).state);
      announce(said);
    } catch (failure) {
      showError(node, failure);
    }
    keys.show(state().keys, api);
    check(state().fault);
  }

  function withdraw(kid) {
    return cause({ withdraw: kid }, 'Withdrawn');
  }

  function check(name) {
    const box = fault.querySelector(`input[value="${CSS.escape(name)}"]`);
    if (box) box.checked = true;
  }

  function show(samples, event) {
    api = event?.api ?? null;
    const text = standingText(event);
    if (standing.textContent !== text) standing.textContent = text;
    standing.className = `standing-line ${api === null ? 'warn' : api.ready ? 'good' : 'bad'}`;
    if (!event) return;
    keys.show(event.keys, api);
    if (!fault.contains(document.activeElement)) check(event.fault);
    charts.show(samples, event.at);
    detail.replaceChildren(...(api ? [issuers(api)] : []));
  }
}

function standingText(event) {
  if (!event) return 'This page lost the connection to the issuer.';
  if (!event.api) return 'The API can’t be seen';
  return event.api.ready ? 'The API has keys' : 'The API has no keys';
}

function issuers({ error, issuers, cache }) {
  return el('dl', { class: 'inline' },
    error && fact('Error', error),
    issuers.map((issuer) => [
      fact('Next refresh', issuer.next_refresh === null ? 'unknown' : `in ${Math.round(issuer.next_refresh)} s`),
      fact('Fetches', `${issuer.fetches}, ${issuer.failures} failed`),
      issuer.last_error && fact('Last error', issuer.last_error),
    ]),
    cache && fact('Token cache', `${cache.tokens} tokens, ${(cache.bytes / 1024).toFixed(1)} KiB`));
}

const fact = (name, value) => el('div', {}, el('dt', {}, name), el('dd', {}, value));

function chartRow() {
  const number = (value) => String(value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
  const seconds = (value) => `${number(value)} s`;
  const perSecond = (value) => `${number(value)}/s`;
  const ages = ({ api }) => (api?.issuers ?? []).map(({ age }) => age).filter((age) => age !== null);
  const all = [
    [chart('chart-age', 'Age of the API’s keys', seconds), (samples) => levels(samples, (event) => (ages(event).length ? Math.max(...ages(event)) : null))],
    [chart('chart-fetches', 'Fetches of keys', perSecond), (samples) => rates(samples, ({ issuer }) => issuer.discovery + issuer.jwks)],
    [chart('chart-cached', 'Cache hits', perSecond), (samples) => rates(samples, ({ api }) => api?.decisions.cached ?? null)],
    [chart('chart-validations', 'Validations', perSecond), (samples) => rates(samples, ({ api }) => (api ? api.decisions.allowed + api.decisions.refused + api.decisions.unavailable : null))],
  ];
  return {
    node: el('div', { class: 'charts', id: 'charts' }, all.map(([{ node }]) => node)),
    show: (samples, now) => all.forEach(([chart, points]) => chart.show(points(samples), now)),
  };
}
