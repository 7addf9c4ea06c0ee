// APIs: the list, and what a newcomer sees before there is one.

import { apiForm, apiPath } from './api-form.js';
import { button, chips, el, link, viewHead } from './dom.js';
import { formError, showError } from './form.js';
import { save, state } from './state.js';
import { secondsText } from './time.js';

const QUICKSTART = {
  name: 'Quickstart API',
  identifier: 'https://quickstart.example/api',
  scopes: { 'read:messages': 'Read messages', 'write:messages': 'Write messages' },
};

export function apis(action, identifier) {
  if (action === 'new' || action === 'edit') return apiForm(action === 'edit' ? identifier : null);
  const { apis } = state();
  if (apis.length === 0) return empty();
  return el('div', {},
    viewHead('APIs', 'An API is the audience of access tokens. Its scopes say what a token may allow.',
      link('New API', '#/apis/new', { id: 'api-new', class: 'button primary' })),
    el('ul', { class: 'entries', id: 'apis' }, apis.map(entry)));
}

function empty() {
  const node = el('div', {},
    viewHead('APIs', null),
    el('div', { class: 'card empty', id: 'apis-empty' },
      el('h2', {}, 'No API yet'),
      el('p', {}, 'Create an API with an identifier and scopes, then open the test lab to get a token for it. ',
        'Call the API with the token and see why a wrong one is refused.'),
      el('div', { class: 'actions' }, button('Create the quickstart API', create, { id: 'api-quickstart', class: 'primary' })),
      el('p', { class: 'hint' }, 'Or ', link('define your own API', '#/apis/new', { id: 'api-new' }), '.'),
      formError('apis-error')));
  return node;

  async function create() {
    try {
      await save('apis', null, QUICKSTART);
      location.hash = apiPath(QUICKSTART.identifier);
    } catch (error) {
      showError(node, error);
    }
  }
}

function entry(api) {
  return el('li', { class: 'card', 'data-id': api.identifier },
    el('div', { class: 'entry-head' },
      el('div', {}, el('h2', {}, link(api.name || api.identifier, apiPath(api.identifier))), el('code', {}, api.identifier)),
      el('div', { class: 'actions' },
        link('Test lab', `#/lab/${encodeURIComponent(api.identifier)}`, { class: 'button', 'aria-label': `Test lab for ${api.name}` }),
        link('Edit', apiPath(api.identifier), { class: 'button', 'aria-label': `Edit ${api.name}` }))),
    el('p', { class: 'facts' }, `${api.algorithm} · ${secondsText(api.lifetime)} · ${api.format}`),
    Object.keys(api.scopes).length > 0 ? chips(Object.keys(api.scopes)) : el('p', { class: 'hint' }, 'No scopes yet'));
}
