// The frame: navigation, the route in `location.hash`, and the view that it names.

import { apis } from './apis.js';
import { call } from './call.js';
import { copyButton } from './copy.js';
import { announce, button, el, link, viewHead } from './dom.js';
import { entries } from './entries.js';
import { lab } from './lab.js';
import { clients, organizations, roles, users } from './people.js';
import { refresh, state } from './state.js';
import { trouble } from './trouble.js';

// A view builds its node from the rest of the route. `leave` runs when the user goes elsewhere.
const views = [
  { name: 'apis', title: 'APIs', group: 'Set up', view: apis },
  { name: 'roles', title: 'Roles', group: 'Set up', view: (...at) => entries(roles, ...at) },
  { name: 'users', title: 'Users', group: 'Set up', view: (...at) => entries(users, ...at) },
  { name: 'organizations', title: 'Organizations', group: 'Set up', view: (...at) => entries(organizations, ...at) },
  { name: 'clients', title: 'Clients', group: 'Set up', view: (...at) => entries(clients, ...at) },
  { name: 'lab', title: 'Test lab', group: 'Try out', view: lab },
  { name: 'call', title: 'Call', group: 'Try out', view: call },
  { name: 'trouble', title: 'Trouble', group: 'Try out', view: trouble },
];

const place = document.getElementById('view');
let leave = () => {};
let turn = 0;

addEventListener('hashchange', () => show(true));
document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault(); // The hash is the route.
  document.getElementById('main').focus();
});
navigation();
await show(false);

/** Shows the view of the current route. Focus moves to its heading after navigation, not on load. */
async function show(moveFocus) {
  const mine = ++turn;
  const [name, ...at] = location.hash.replace(/^#\/?/, '').split('/').map(decoded);
  const view = views.find((view) => view.name === name) ?? views[0];
  mark(view);
  let node;
  try {
    await refresh();
    if (mine !== turn) return;
    leave();
    leave = () => {};
    frame();
    node = view.view(...at);
  } catch (error) {
    if (mine !== turn) return;
    node = viewHead('The dashboard is not available', error.message, button('Try again', () => show(true), { id: 'retry' }));
  }
  if (node.leave) ({ leave } = node);
  place.replaceChildren(node.node ?? node);
  document.title = `${document.getElementById('title')?.textContent ?? view.title} · authz issuer`;
  if (moveFocus) {
    document.getElementById('title')?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function navigation() {
  const groups = [...new Set(views.map((view) => view.group))];
  document.getElementById('nav').replaceChildren(...groups.map((group, index) => el('div', { class: 'nav-group' },
    el('p', { id: `nav-group-${index}` }, group),
    el('ul', { 'aria-labelledby': `nav-group-${index}` }, views.filter((view) => view.group === group).map((view) =>
      el('li', {}, link(view.title, `#/${view.name}`, { id: `nav-${view.name}`, 'data-view': view.name })))))));
}

function mark(view) {
  for (const node of document.querySelectorAll('#nav a')) {
    if (node.dataset.view === view.name) node.setAttribute('aria-current', 'page');
    else node.removeAttribute('aria-current');
  }
}

/** The issuer's address, where its configuration is kept, and an error in that file. */
function frame() {
  const { issuer, file, file_error: error } = state();
  document.getElementById('issuer').replaceChildren(
    el('code', { id: 'issuer-url' }, issuer), copyButton('Copy', () => issuer, { id: 'issuer-copy', 'aria-label': 'Copy the issuer' }),
    el('span', { id: 'kept', class: 'hint' }, file ? `Saved in ${file}` : 'Kept in memory only'));
  document.getElementById('banner').replaceChildren(...(error ? [el('div', { id: 'file-error', class: 'notice bad', role: 'alert' },
    el('p', {}, el('strong', {}, `${file} has an error: `), error),
    el('p', {}, 'Changes are refused until the file is valid again. Correct it in an editor, then reload.'),
    button('Reload the file', async () => { await show(false); announce('Reloaded'); }, { id: 'file-reload' }))] : []));
}
