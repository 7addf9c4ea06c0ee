// Calls an API from this machine, with the lab's token, another one or none.

import { answer } from './answer.js';
import { el, link, section, viewHead } from './dom.js';
import { expectation } from './fault.js';
import { checked, choices, field, formError, group, input, numberOrNull, onSubmit, select } from './form.js';
import { canProve, jktOf, needsNonce, proof } from './proof.js';
import { post } from './server.js';
import { callForm, labToken, remember, state } from './state.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
const WITH_BODY = ['POST', 'PUT', 'PATCH'];
const ENDPOINTS = ['/api/public', '/api/private', '/api/messages', '/api/me'];

export function call() {
  const saved = callForm();
  const last = labToken();
  const inputs = {
    method: select('call-method', METHODS.map((name) => [name, name]), saved.method),
    url: input('call-url', saved.url, { type: 'url', inputmode: 'url', class: 'mono', list: 'call-endpoints' }),
    own: el('textarea', { id: 'call-own', rows: '3', class: 'mono', spellcheck: 'false', value: saved.own }),
    body: el('textarea', { id: 'call-body', rows: '3', class: 'mono', spellcheck: 'false', value: saved.body }),
    port: input('call-port', saved.port, { type: 'number', inputmode: 'numeric', min: 1, max: 65535 }),
  };
  const own = field('token', 'Token to send', inputs.own);
  const body = field('body', 'Body (JSON)', inputs.body);
  const result = el('div', { id: 'call-result' },
    section('call-none', 'No call yet', el('p', { class: 'hint' }, 'The answer appears here, beside the reason that only the operator of the API sees.')));

  const form = el('form', { id: 'call-form', class: 'card' },
    el('div', { class: 'columns narrow-first' }, field('method', 'Method', inputs.method), field('url', 'URL', inputs.url)),
    el('datalist', { id: 'call-endpoints' }, ENDPOINTS.map((path) => el('option', { value: new URL(path, state().api_url).href }))),
    group('with', 'Token', 'call-with', null, choices('radio', 'with', [
      { value: 'lab', label: 'The test lab’s token', about: aboutLab(last), disabled: !last },
      { value: 'none', label: 'No token' },
      { value: 'own', label: 'Another token' },
    ], [saved.with === 'lab' && !last ? 'none' : saved.with])),
    own, body,
    field('inspector_port', 'Port of the API’s inspector', inputs.port, 'The inspector is how this page learns why the API refused a request. Leave empty for none.'),
    formError('call-error'),
    el('div', { class: 'actions' },
      el('button', { id: 'call-send', type: 'submit', class: 'primary' }, 'Send'),
      link('Test lab', '#/lab', { id: 'call-lab', class: 'button' })));

  form.addEventListener('input', adapt);
  adapt();
  onSubmit(form, async () => {
    const { with: choice, port } = values();
    const token = { lab: last?.token, own: inputs.own.value.trim() }[choice] ?? null;
    result.replaceChildren(section('call-waiting', 'Waiting for the answer'));
    try {
      const { response, note } = await send(token, port);
      result.replaceChildren(...answer(response, choice === 'lab' ? last.fault : null, note));
    } catch (error) {
      result.replaceChildren(section('call-failed', 'No answer',
        el('p', { class: 'hint' }, 'If no API is running yet: ', link('an API’s page', '#/apis'), ' has the code of one.')));
      throw error;
    }
  });
  return el('div', {},
    viewHead('Call', 'Send a request to an API on this machine, and compare what its caller and its operator see.'),
    form, result);

  /** Sends the request: with a proof if the token is bound to the key of this page, and again if the API asks for a nonce. */
  async function send(token, port) {
    const method = inputs.method.value;
    const url = inputs.url.value.trim();
    const isBound = token !== null && await canProve(token);
    const attempt = async () => post('/dashboard/call', {
      method, url, token, proof: isBound ? await proof(method, url, token) : null,
      body: WITH_BODY.includes(method) ? inputs.body.value : null, inspector_port: port,
    });
    const response = await attempt();
    if (!isBound) {
      const isLost = token !== null && jktOf(token) !== null;
      return { response, note: isLost ? 'The token is bound to a key that this page does not have, so it was sent without a proof.' : null };
    }
    if (!needsNonce(url, response)) return { response, note: 'Sent with a proof by the key of this page (DPoP).' };
    const repeated = await attempt();
    needsNonce(url, repeated);
    return { response: repeated, note: 'The API asked for a nonce, so the request was sent again with it (DPoP).' };
  }

  function values() {
    return {
      method: inputs.method.value, url: inputs.url.value, with: checked(form, 'with')[0], own: inputs.own.value,
      body: inputs.body.value, port: numberOrNull(inputs.port.value),
    };
  }

  function adapt() {
    const now = values();
    own.hidden = now.with !== 'own';
    body.hidden = !WITH_BODY.includes(now.method);
    remember('call', { ...now, with: last ? now.with : saved.with });
  }
}

function aboutLab(last) {
  if (!last) return 'There is none yet: get one in the test lab.';
  return last.fault ? [`It is wrong: ${last.fault.title}. `, expectation(last.fault).textContent] : `It is valid, for ${last.api}.`;
}
