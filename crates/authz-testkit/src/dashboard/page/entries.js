// Lists and forms of the entries that `people.js` describes: one shape for all four kinds.

import { confirmed } from './confirm.js';
import { announce, button, el, link, viewHead } from './dom.js';
import { formError, onSubmit, showError } from './form.js';
import { remove, save, state } from './state.js';

export function entries(kind, action, id) {
  if (action === 'new') return form(kind, null);
  const all = state()[kind.name];
  if (action === 'edit') {
    const entry = all.find((entry) => kind.id(entry) === id);
    return entry ? form(kind, entry) : viewHead(`This ${kind.one} does not exist`, id, link(`All ${kind.name}`, `#/${kind.name}`, { class: 'button' }));
  }
  return all.length === 0 ? empty(kind) : el('div', {},
    viewHead(kind.title, kind.about, link(`New ${kind.one}`, `#/${kind.name}/new`, { id: `${kind.one}-new`, class: 'button primary' })),
    el('ul', { class: 'entries', id: kind.name }, all.map((entry) => card(kind, entry))));
}

function empty(kind) {
  const suggestions = kind.suggest();
  const node = el('div', {},
    viewHead(kind.title, kind.about),
    el('div', { class: 'card empty', id: `${kind.name}-empty` },
      el('h2', {}, `No ${kind.name} yet`),
      el('p', {}, kind.empty),
      el('div', { class: 'actions' },
        suggestions && button(suggestions.label, () => create(suggestions.entries), { id: `${kind.name}-suggest`, class: 'primary' }),
        link(`New ${kind.one}`, `#/${kind.name}/new`, { id: `${kind.one}-new`, class: suggestions ? 'button' : 'button primary' })),
      formError(`${kind.name}-error`)));
  return node;

  async function create(suggested) {
    try {
      for (const entry of suggested) await save(kind.name, null, entry);
      dispatchEvent(new HashChangeEvent('hashchange'));
    } catch (error) {
      showError(node, error);
    }
  }
}

function card(kind, entry) {
  const id = kind.id(entry);
  const path = `#/${kind.name}/edit/${encodeURIComponent(id)}`;
  return el('li', { class: 'card', 'data-id': id },
    el('div', { class: 'entry-head' },
      el('div', {}, el('h2', {}, link(entry.name || id, path)), id !== entry.name && el('code', {}, id)),
      el('div', { class: 'actions' }, link('Edit', path, { class: 'button', 'aria-label': `Edit ${entry.name || id}` }))),
    kind.facts(entry));
}

function form(kind, entry) {
  const parts = kind.parts(entry ?? {});
  const node = el('form', { id: `${kind.one}-form`, class: 'card' },
    parts.map((part) => part.node),
    formError(`${kind.one}-error`),
    el('div', { class: 'actions' },
      el('button', { id: `${kind.one}-save`, class: 'primary', type: 'submit' }, entry ? 'Save' : `Create ${kind.one}`),
      link('Cancel', `#/${kind.name}`, { class: 'button' }),
      entry && button('Delete', drop, { id: `${kind.one}-delete`, class: 'danger last' })));
  onSubmit(node, async () => {
    await save(kind.name, entry && kind.id(entry), Object.assign({}, ...parts.map((part) => part.value())));
    announce('Saved');
    location.hash = `#/${kind.name}`;
  });
  return el('div', {}, viewHead(entry ? entry.name || kind.id(entry) : `New ${kind.one}`, kind.about), node);

  async function drop() {
    if (!await confirmed(`Delete ${entry.name || kind.id(entry)}?`, kind.loss, `Delete ${kind.one}`)) return;
    try {
      await remove(kind.name, kind.id(entry));
      location.hash = `#/${kind.name}`;
    } catch (error) {
      showError(node, error);
    }
  }
}
