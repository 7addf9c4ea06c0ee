// The test lab: gets a token, good or wrong in one way, and shows what is in it.

import { el, link, section, viewHead } from './dom.js';
import { onSubmit } from './form.js';
import { labForm } from './lab-form.js';
import { get, post } from './server.js';
import { snippets } from './snippets.js';
import { labToken, recall, remember, rememberToken, state } from './state.js';
import { decoder, tokenResult } from './token.js';

const EMPTY = {
  api: null, audience: '', client: '', user: '', scopes: null, otherScopes: '', roles: [], otherRoles: '', organization: '',
  lifetime: '', algorithm: '', format: '', fault: '', kind: [],
};

let faults = null;

export function lab(api) {
  const saved = recall('lab', EMPTY);
  // A link from an API chooses it, with all its scopes.
  if (api && api !== saved.api) {
    Object.assign(saved, { api, scopes: null });
    remember('lab', saved);
  }

  const result = el('div', { id: 'lab-result' });
  const code = snippets();
  const form = labForm(saved);
  form.node.addEventListener('input', () => remember('lab', form.values()));
  onSubmit(form.node, async () => {
    const token = { ...await post('/dashboard/token', await form.request()), ...form.target() };
    rememberToken(token);
    show(token, true);
  });
  show(labToken(), false);
  loadFaults(form);

  return el('div', {},
    viewHead('Test lab', 'Get an access token as your clients would, or one that is wrong in a single way.'),
    state().apis.length === 0 && el('div', { class: 'notice', id: 'lab-no-api' },
      el('p', {}, 'There is no API yet. ', link('Create one', '#/apis'), ', or enter any audience below.')),
    el('div', { class: 'split' }, form.node, result),
    code.node,
    decoder());

  function show(token, fresh) {
    result.replaceChildren(token
      ? tokenResult(token, { fresh, curl: () => code.curl() })
      : section('token-none', 'No token yet', el('p', { class: 'hint' }, 'The token and its claims appear here.')));
    code.update(token);
  }
}

async function loadFaults(form) {
  try {
    faults ??= await get('/dashboard/faults');
    form.offerFaults(faults);
  } catch (error) {
    form.noFaults(error.message);
  }
}
