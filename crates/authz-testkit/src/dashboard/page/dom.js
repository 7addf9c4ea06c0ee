// Elements are built from data with `textContent` only: nothing that a token or a server says becomes HTML.

export function el(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') node.addEventListener(key.slice(2), value);
    else if (key === 'value' || key === 'checked') node[key] = value;
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

export const button = (label, onclick, properties = {}) => el('button', { type: 'button', onclick, ...properties }, label);

export const link = (label, href, properties = {}) => el('a', { href, ...properties }, label);

/** The head of a view: its only `h1`, a sentence about it, and its actions. */
export function viewHead(title, about, ...actions) {
  return el('div', { class: 'view-head' },
    el('div', {}, el('h1', { id: 'title', tabindex: '-1' }, title), about && el('p', { class: 'about' }, about)),
    actions.length > 0 && el('div', { class: 'actions' }, actions));
}

export function section(id, title, ...children) {
  return el('section', { id, class: 'card', 'aria-labelledby': `${id}-title` },
    el('h2', { id: `${id}-title` }, title), children);
}

export const chips = (values) => el('ul', { class: 'chips' }, values.map((value) => el('li', {}, value)));

/** A table that scrolls inside its box, with one row per list of cells. */
export function table(id, caption, head, rows, properties = {}) {
  return el('div', { class: 'table', tabindex: '0', role: 'group', 'aria-label': caption },
    el('table', { id, ...properties },
      el('caption', { class: 'unseen' }, caption),
      el('thead', {}, el('tr', {}, head.map((text) => el('th', { scope: 'col' }, text)))),
      el('tbody', {}, rows.map(([first, ...rest]) =>
        el('tr', {}, el('th', { scope: 'row' }, first), rest.map((cell) => el('td', {}, cell)))))));
}

/** Tells users of screen readers what a sighted user sees happen. */
export function announce(text) {
  document.getElementById('announcer').textContent = text;
}
