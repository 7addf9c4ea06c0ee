// Who asks for tokens, and what they may have: roles, users, organizations and clients.

import { chips, el } from './dom.js';
import { checked, choices, field, group, input } from './form.js';
import { state } from './state.js';

export const roles = {
  name: 'roles', one: 'role', title: 'Roles', id: (role) => role.name,
  about: 'A role gives its users permissions of one or more APIs.',
  empty: 'A role bundles permissions under a name. In the tutorial, a manager reads messages and an administrator writes them.',
  loss: 'Users lose this role. Tokens that were issued stay valid.',
  suggest() {
    const api = state().apis.find(({ scopes }) => 'read:messages' in scopes && 'write:messages' in scopes);
    return api && {
      label: 'Create manager and administrator',
      entries: [
        { name: 'manager', description: 'Reads messages', permissions: { [api.identifier]: ['read:messages'] } },
        { name: 'administrator', description: 'Writes messages', permissions: { [api.identifier]: ['read:messages', 'write:messages'] } },
      ],
    };
  },
  facts: (role) => [role.description && el('p', {}, role.description), grantFacts(role.permissions)],
  parts: (role) => [
    text('role', 'name', 'Name', role.name),
    text('role', 'description', 'Description', role.description),
    grants('permissions', 'Permissions', role.permissions),
  ],
};

export const users = {
  name: 'users', one: 'user', title: 'Users', id: (user) => user.id,
  about: 'A user signs in through a client. The id is the subject (sub) of the tokens.',
  empty: 'With a user, the test lab issues tokens as after a sign-in. Without one, tokens are for the client itself.',
  loss: 'Tokens that were issued stay valid.',
  suggest: () => null,
  facts: (user) => [
    user.roles.length > 0 && labelled('Roles', user.roles),
    user.organizations.length > 0 && labelled('Organizations', user.organizations),
    grantFacts(user.permissions),
  ],
  parts: (user) => [
    text('user', 'id', 'ID (subject)', user.id, 'For instance dev|alice.'),
    text('user', 'name', 'Name', user.name),
    list('roles', 'Roles', state().roles.map(({ name, description }) => ({ value: name, label: name, about: description })), user.roles),
    list('organizations', 'Organizations', state().organizations.map(({ id, name }) => ({ value: id, label: name || id })), user.organizations),
    grants('permissions', 'Permissions', user.permissions, 'In addition to those of the roles.'),
  ],
};

export const organizations = {
  name: 'organizations', one: 'organization', title: 'Organizations', id: (organization) => organization.id,
  about: 'An organization is the customer that a user works for. Tokens carry its id in org_id.',
  empty: 'An API with several customers checks the organization in the token. Create one, then add users to it.',
  loss: 'Users are no longer members. Tokens that were issued stay valid.',
  suggest: () => null,
  facts: (organization) => {
    const members = state().users.filter((user) => user.organizations.includes(organization.id));
    return members.length > 0 ? labelled('Members', members.map((user) => user.name || user.id)) : el('p', { class: 'hint' }, 'No members yet');
  },
  parts: (organization) => [
    text('organization', 'id', 'ID', organization.id, 'The value of org_id, for instance acme.'),
    text('organization', 'name', 'Name', organization.name),
  ],
};

export const clients = {
  name: 'clients', one: 'client', title: 'Clients', id: (client) => client.id,
  about: 'A client is a program that asks for tokens. It may ask only for the scopes that are allowed here.',
  empty: 'A client stands for a program: a web page, an app or a job on a server. The test lab also works without one.',
  loss: 'The client can no longer get tokens. Tokens that were issued stay valid.',
  suggest: () => null,
  facts: (client) => grantFacts(client.scopes),
  parts: (client) => [
    text('client', 'id', 'ID', client.id, 'The value of client_id, for instance worker.'),
    text('client', 'name', 'Name', client.name),
    grants('scopes', 'Scopes', client.scopes, 'What the client may ask for.'),
  ],
};

// A part of a form: its node, and the members of the entry that it holds.

function text(kind, name, label, value, hint) {
  const control = input(`${kind}-${name}`, value);
  return { node: field(name, label, control, hint), value: () => ({ [name]: control.value.trim() }) };
}

function list(name, legend, options, chosen = []) {
  const node = group(name, legend, `choose-${name}`, options.length === 0 ? `There are no ${name} yet.` : null, choices('checkbox', name, options, chosen));
  return { node, value: () => ({ [name]: checked(node, name) }) };
}

/** Checkboxes for the scopes of every API. Scopes that the API no longer defines stay visible while they are granted. */
function grants(name, legend, granted = {}, hint = null) {
  const { apis } = state();
  const node = group(name, legend, `choose-${name}`, apis.length === 0 ? 'There are no APIs yet.' : hint, apis.map((api, index) => {
    const chosen = granted[api.identifier] ?? [];
    const all = [...new Set([...Object.keys(api.scopes), ...chosen])];
    return el('div', { class: 'grant', role: 'group', 'aria-label': api.name || api.identifier },
      el('p', {}, el('strong', {}, api.name || api.identifier), ' ', el('code', {}, api.identifier)),
      all.length === 0 && el('p', { class: 'hint' }, 'This API has no scopes.'),
      choices('checkbox', `${name}-${index}`, all.map((scope) => ({ value: scope, label: scope, about: api.scopes[scope] })), chosen));
  }));
  return {
    node,
    value: () => ({
      [name]: Object.fromEntries(apis
        .map((api, index) => [api.identifier, checked(node, `${name}-${index}`)])
        .filter(([, scopes]) => scopes.length > 0)),
    }),
  };
}

const grantFacts = (granted) => Object.entries(granted)
  .map(([api, scopes]) => labelled(state().apis.find(({ identifier }) => identifier === api)?.name || api, scopes));

const labelled = (label, values) => el('div', { class: 'labelled' }, el('span', {}, label), chips(values));
