// The form of the test lab: for which API, on whose behalf, with what, and wrong in which way.

import { el } from './dom.js';
import { expectation } from './fault.js';
import { checked, choices, field, formError, group, input, numberOrNull, select, words } from './form.js';
import { thumbprint } from './proof.js';
import { apiOf, state } from './state.js';

// The client of tokens while no client is defined. It may ask for any scope.
const LAB_CLIENT = 'test-lab';
const OTHER = '*';

export function labForm(saved) {
  const { apis, clients, users, organizations, roles, algorithms } = state();
  const pairs = (entries) => entries.map(({ id, name }) => [id, name ? `${name} (${id})` : id]);
  const inputs = {
    api: select('lab-api', [...apis.map(({ identifier, name }) => [identifier, name || identifier]), [OTHER, 'Another audience']], saved.api),
    audience: input('lab-audience', saved.audience, { placeholder: 'https://orders.example/api' }),
    client: select('lab-client', [['', `The test lab (${LAB_CLIENT})`], ...pairs(clients)], saved.client),
    user: select('lab-user', [['', 'Nobody: a token for the client'], ...pairs(users)], saved.user),
    organization: select('lab-organization', [['', 'None'], ...pairs(organizations)], saved.organization),
    otherScopes: input('lab-other-scopes', saved.otherScopes, { class: 'mono' }),
    otherRoles: input('lab-other-roles', saved.otherRoles),
    lifetime: input('lab-lifetime', saved.lifetime, { type: 'number', inputmode: 'numeric' }),
    algorithm: select('lab-algorithm', [], ''),
    format: select('lab-format', [], ''),
    fault: select('lab-fault', [['', 'No fault: a valid token']], ''),
  };
  const audience = field('api', 'Audience', inputs.audience, 'The aud of the token. It need not be an API above.');
  const scopes = el('div', { id: 'lab-scopes-list' });
  const clientNote = el('p', { id: 'lab-client-note', class: 'hint', 'aria-live': 'polite' });
  const faultAbout = el('div', { id: 'lab-fault-about', class: 'fault-about', 'aria-live': 'polite' });
  let faults = [];
  // `saved.fault` counts until the list of faults has arrived.
  let fault = saved.fault;

  const more = details('Roles and organization', 'lab-more', saved.roles.length > 0 || saved.otherRoles || saved.organization,
    group('roles', 'Roles', 'lab-roles', roles.length === 0 ? 'No roles are defined yet.' : 'The roles claim. A user also gets their permissions.',
      choices('checkbox', 'lab-role', roles.map(({ name, description }) => ({ value: name, label: name, about: description })), saved.roles),
      field('roles', 'Other roles', inputs.otherRoles, 'Separated by spaces.')),
    field('organization', 'Organization', inputs.organization));
  const node = el('form', { id: 'lab-form', class: 'card' },
    el('h2', {}, 'Token'),
    field('api', 'API', inputs.api), audience,
    group('scopes', 'Scopes', 'lab-scopes', null, scopes, field('scopes', 'Other scopes', inputs.otherScopes, 'Separated by spaces.')),
    el('div', { class: 'columns' },
      field('client', 'Client', inputs.client),
      field('user', 'User', inputs.user)),
    clientNote,
    group('kind', 'Kind of token', 'lab-kinds', null, choices('checkbox', 'lab-kind', [
      { value: 'bound', label: 'Bound to a key (DPoP)', about: 'This page makes the key and signs a proof for each call. Without the key, the token is useless.' },
      { value: 'opaque', label: 'Opaque', about: 'Random text: the API must ask this issuer about it (introspection).' },
    ], saved.kind)),
    more,
    details('Lifetime, algorithm and format', 'lab-shape', saved.lifetime || saved.algorithm || saved.format,
      field('lifetime', 'Lifetime in seconds', inputs.lifetime),
      el('div', { class: 'columns' }, field('algorithm', 'Algorithm', inputs.algorithm), field('format', 'Format', inputs.format))),
    el('div', { class: 'field', 'data-field': 'fault' },
      el('label', { for: 'lab-fault' }, 'Make it wrong'), inputs.fault, faultAbout, el('p', { class: 'error', role: 'alert' })),
    formError('lab-error'),
    el('div', { class: 'actions' }, el('button', { id: 'lab-get', type: 'submit', class: 'primary' }, 'Get a token')));

  inputs.api.addEventListener('input', () => fillApi(null));
  inputs.user.addEventListener('input', chooseRoles);
  inputs.fault.addEventListener('input', () => {
    fault = inputs.fault.value;
    aboutFault();
  });
  inputs.fault.setAttribute('aria-describedby', 'lab-fault-about');
  node.addEventListener('input', aboutClient);
  fillApi(saved.scopes, saved.algorithm, saved.format);
  aboutClient();

  return {
    node,
    offerFaults(list) {
      faults = list;
      inputs.fault.append(...list.map(({ name, title }) => el('option', { value: name }, title)));
      inputs.fault.value = fault;
      if (inputs.fault.selectedIndex < 0) inputs.fault.selectedIndex = 0;
      fault = inputs.fault.value;
      aboutFault();
    },
    noFaults: (message) => faultAbout.replaceChildren(el('p', { class: 'hint' }, message)),
    /** The state of the form, as it is remembered. */
    values: () => ({
      api: inputs.api.value, audience: inputs.audience.value, client: inputs.client.value, user: inputs.user.value,
      scopes: checked(node, 'lab-scope'), otherScopes: inputs.otherScopes.value,
      roles: checked(node, 'lab-role'), otherRoles: inputs.otherRoles.value, organization: inputs.organization.value,
      lifetime: inputs.lifetime.value, algorithm: inputs.algorithm.value, format: inputs.format.value, fault,
      kind: checked(node, 'lab-kind'),
    }),
    /** The body of the request for a token. */
    request: async () => ({
      ...target(),
      jkt: checked(node, 'lab-kind').includes('bound') ? await thumbprint() : null,
      opaque: checked(node, 'lab-kind').includes('opaque'),
      user: inputs.user.value || null,
      roles: [...checked(node, 'lab-role'), ...words(inputs.otherRoles.value)],
      organization: inputs.organization.value || null,
      lifetime: numberOrNull(inputs.lifetime.value),
      algorithm: inputs.algorithm.value || null,
      format: inputs.format.value || null,
      fault: fault || null,
    }),
    target,
  };

  /** What the snippets need to know beside the token. */
  function target() {
    return {
      api: inputs.api.value === OTHER ? inputs.audience.value.trim() : inputs.api.value,
      client: inputs.client.value || LAB_CLIENT,
      scopes: [...new Set([...checked(node, 'lab-scope'), ...words(inputs.otherScopes.value)])],
    };
  }

  /** Shows what depends on the API: its scopes, all chosen unless `chosen` says which, and its defaults. */
  function fillApi(chosen, algorithm = inputs.algorithm.value, format = inputs.format.value) {
    const api = apiOf(inputs.api.value);
    audience.hidden = Boolean(api);
    const names = Object.keys(api?.scopes ?? {});
    scopes.replaceChildren(names.length === 0
      ? el('p', { class: 'hint' }, api ? 'This API has no scopes yet.' : 'Enter the scopes below.')
      : choices('checkbox', 'lab-scope', names.map((name) => ({ value: name, label: name, about: api.scopes[name] })), chosen ?? names));
    inputs.lifetime.placeholder = api ? `As the API: ${api.lifetime}` : '3600';
    fill(inputs.algorithm, [['', api ? `As the API: ${api.algorithm}` : 'RS256'], ...algorithms.map((name) => [name, name])], algorithm);
    fill(inputs.format, [['', api ? `As the API: ${api.format}` : 'at+jwt'], ['at+jwt', 'at+jwt'], ['auth0', 'Auth0']], format);
  }

  /** Chooses the roles of the user. */
  function chooseRoles() {
    const own = users.find(({ id }) => id === inputs.user.value)?.roles ?? [];
    for (const box of more.querySelectorAll('input[name="lab-role"]')) box.checked = own.includes(box.value);
    if (own.length > 0) more.open = true;
  }

  function aboutClient() {
    const { api, client, scopes } = target();
    const allowed = clients.find(({ id }) => id === client)?.scopes[api] ?? [];
    const excess = inputs.client.value === '' ? [] : scopes.filter((scope) => !allowed.includes(scope));
    const text = excess.length === 0 ? ''
      : `${client} may not ask for ${excess.join(' ')}. The token endpoint refuses it; the lab issues the token all the same.`;
    if (clientNote.textContent !== text) clientNote.textContent = text;
  }

  function aboutFault() {
    const about = faults.find(({ name }) => name === fault);
    faultAbout.replaceChildren(...(about ? [el('p', {}, about.what), expectation(about)]
      : [el('p', { class: 'hint' }, 'Choose a fault to see how the API refuses the token.')]));
  }
}

function fill(node, options, value) {
  node.replaceChildren(...options.map(([key, label]) => el('option', { value: key }, label)));
  node.value = value;
  if (node.selectedIndex < 0) node.selectedIndex = 0;
}

function details(summary, id, open, ...children) {
  return el('details', { id, open: Boolean(open) }, el('summary', {}, summary), el('div', { class: 'inside' }, children));
}
