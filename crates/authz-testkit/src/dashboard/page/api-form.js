// Creates, changes and deletes one API.

import { apiCode } from './api-code.js';
import { confirmed } from './confirm.js';
import { copyButton } from './copy.js';
import { announce, button, el, link, section, viewHead } from './dom.js';
import { choices, checked, field, formError, group, input, numberOrNull, onSubmit, select, showError } from './form.js';
import { apiOf, recall, remember, remove, save, state } from './state.js';

// The secret of an HMAC API that was just created. It lives in memory until the user leaves the API.
let shown = null;

export const apiPath = (identifier) => `#/apis/edit/${encodeURIComponent(identifier)}`;

export function apiForm(identifier) {
  const api = identifier === null ? null : apiOf(identifier);
  if (identifier !== null && !api) {
    return viewHead('This API does not exist', identifier, link('All APIs', '#/apis', { class: 'button' }));
  }
  const secret = shown?.identifier === identifier ? shown.secret : null;
  shown = null;
  const node = el('div', {},
    viewHead(api ? api.name || api.identifier : 'New API', api ? null : 'The identifier is the audience that tokens for this API carry.',
      api && link('Open the test lab', `#/lab/${encodeURIComponent(identifier)}`, { id: 'api-lab', class: 'button primary' })),
    api && recall('saved', {}).identifier === identifier && savedNotice(), secret && secretNotice(secret),
    form(api), api && apiCode(api.identifier));
  remember('saved', {});
  return node;
}

function form(api) {
  const of = api ?? { name: '', identifier: '', algorithm: 'RS256', lifetime: 3600, format: 'at+jwt', scopes: {} };
  const inputs = {
    name: input('api-name', of.name),
    identifier: input('api-identifier', of.identifier, { inputmode: 'url', placeholder: 'https://orders.example/api' }),
    algorithm: select('api-algorithm', state().algorithms.map((name) => [name, name]), of.algorithm),
    lifetime: input('api-lifetime', of.lifetime, { type: 'number', min: 1, inputmode: 'numeric' }),
  };
  const scopes = scopeRows(of.scopes);
  const node = el('form', { id: 'api-form', class: 'card' },
    el('h2', {}, 'Settings'),
    el('div', { class: 'columns' },
      field('name', 'Name', inputs.name),
      field('identifier', 'Identifier (audience)', inputs.identifier, 'A name for the API, usually a URL. Nothing has to answer there.'),
      field('algorithm', 'Signing algorithm', inputs.algorithm, 'HS256, HS384 and HS512 use a secret instead of a key pair.'),
      field('lifetime', 'Token lifetime in seconds', inputs.lifetime)),
    group('format', 'Token format', 'api-format', null, choices('radio', 'format', [
      { value: 'at+jwt', label: 'at+jwt', about: 'The standard format of RFC 9068.' },
      { value: 'auth0', label: 'Auth0', about: 'As Auth0 issues them: typ is JWT, and azp names the client.' },
    ], [of.format])),
    group('scopes', 'Scopes', 'api-scopes', 'What a token may allow, for instance read:messages.', scopes.node),
    formError('api-error'),
    el('div', { class: 'actions' },
      el('button', { id: 'api-save', class: 'primary', type: 'submit' }, api ? 'Save' : 'Create API'),
      link('Cancel', '#/apis', { class: 'button' }),
      api && button('Delete', drop, { id: 'api-delete', class: 'danger last' })));

  onSubmit(node, async () => {
    const entry = {
      name: inputs.name.value.trim(),
      identifier: inputs.identifier.value.trim(),
      algorithm: inputs.algorithm.value,
      lifetime: numberOrNull(inputs.lifetime.value) ?? undefined,
      format: checked(node, 'format')[0],
      scopes: scopes.values(),
    };
    const secret = await save('apis', api?.identifier ?? null, entry);
    shown = { identifier: entry.identifier, secret };
    remember('saved', { identifier: entry.identifier });
    announce('Saved');
    if (location.hash === apiPath(entry.identifier)) dispatchEvent(new HashChangeEvent('hashchange'));
    else location.hash = apiPath(entry.identifier);
  });
  return node;

  async function drop() {
    const text = 'Roles, users and clients lose the scopes of this API. Tokens that were issued stay valid.';
    if (!await confirmed(`Delete ${api.name || api.identifier}?`, text, 'Delete API')) return;
    try {
      await remove('apis', api.identifier);
      location.hash = '#/apis';
    } catch (error) {
      showError(node, error);
    }
  }
}

/** A row of two inputs per scope, and a button that adds one. */
function scopeRows(scopes) {
  let count = 0;
  const rows = el('div', { class: 'rows' });
  const node = el('div', {}, rows, button('Add a scope', () => add('', '').focus(), { id: 'scope-add' }));
  for (const [name, about] of Object.entries(scopes)) add(name, about);
  if (count === 0) add('', '');
  return {
    node,
    values: () => Object.fromEntries([...rows.children]
      .map((row) => [...row.querySelectorAll('input')].map((input) => input.value.trim()))
      .filter(([name]) => name !== '')),
  };

  function add(name, about) {
    const id = count++;
    const first = input(`scope-name-${id}`, name, { class: 'mono', 'aria-label': `Scope ${id + 1}`, placeholder: 'read:messages' });
    const row = el('div', { class: 'row scope' }, first,
      input(`scope-about-${id}`, about, { 'aria-label': `Description of scope ${id + 1}`, placeholder: 'Description' }),
      button('Remove', () => {
        row.remove();
        document.getElementById('scope-add').focus();
      }, { 'aria-label': `Remove scope ${id + 1}` }));
    rows.append(row);
    return first;
  }
}

function secretNotice(secret) {
  return section('secret', 'The secret of this API',
    el('p', {}, 'Copy it now: it is not shown again. The API needs it to verify signatures. It is base64url.'),
    el('div', { class: 'secret' }, el('code', { id: 'secret-value' }, secret), copyButton('Copy secret', () => secret, { id: 'secret-copy' })));
}

const savedNotice = () => el('div', { class: 'notice good', id: 'saved' }, el('p', {}, 'Saved.'));
