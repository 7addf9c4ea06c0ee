// Copy buttons and blocks of code.

import { announce, button, el } from './dom.js';

/** A button that copies what `text()` returns, and then says so. */
export function copyButton(label, text, properties = {}) {
  let timer;
  const node = button(label, async () => {
    const done = await copy(text());
    node.textContent = done ? 'Copied' : 'Copying failed';
    announce(node.textContent);
    clearTimeout(timer);
    timer = setTimeout(() => { node.textContent = label; }, 2000);
  }, { class: 'copy', ...properties });
  return node;
}

/** Code that scrolls inside its box. `label` tells screen readers what the code is. */
export function codeBlock(id, title, label, text) {
  return el('div', { class: 'code' },
    el('div', { class: 'code-head' }, el('span', {}, title), copyButton('Copy', () => text, { id: `${id}-copy` })),
    el('pre', { id, tabindex: '0', role: 'group', 'aria-label': label }, el('code', {}, text)));
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelection(text);
  }
}

/** For browsers that refuse the clipboard to a page, for instance one that isn't in focus. */
function copySelection(text) {
  const area = el('textarea', { class: 'unseen', readonly: true, 'aria-hidden': 'true', value: text });
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  focused?.focus();
  return done;
}
