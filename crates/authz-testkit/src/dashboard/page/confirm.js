// A question before something is lost.

import { button, el } from './dom.js';

/** Resolves to true if the user confirms with the button `action`. */
export function confirmed(title, text, action) {
  const opener = document.activeElement;
  return new Promise((resolve) => {
    const close = (answer) => {
      dialog.close();
      dialog.remove();
      opener?.focus();
      resolve(answer);
    };
    const dialog = el('dialog', {
      id: 'confirm', 'aria-labelledby': 'confirm-title',
      oncancel: (event) => { event.preventDefault(); close(false); },
    },
      el('h2', { id: 'confirm-title' }, title), el('p', {}, text),
      el('div', { class: 'actions' },
        button('Cancel', () => close(false), { id: 'confirm-no', autofocus: true }),
        button(action, () => close(true), { id: 'confirm-yes', class: 'danger' })));
    document.body.append(dialog);
    dialog.showModal();
  });
}
