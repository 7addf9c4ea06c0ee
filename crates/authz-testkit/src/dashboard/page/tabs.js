// Tabs by the ARIA pattern: one tab stop, arrow keys, Home and End.

import { el } from './dom.js';

/** `tabs`: `{id, title, panel}` each. `onselect` gets the id of the tab that is opened. */
export function tabList(id, label, tabs, selected, onselect = () => {}) {
  const buttons = tabs.map((tab) => el('button', {
    type: 'button', role: 'tab', id: `${id}-tab-${tab.id}`, 'aria-controls': `${id}-panel-${tab.id}`, 'data-tab': tab.id,
    onclick: () => open(tab.id),
  }, tab.title));
  const panels = tabs.map((tab) => el('div', {
    role: 'tabpanel', id: `${id}-panel-${tab.id}`, 'aria-labelledby': `${id}-tab-${tab.id}`,
  }, tab.panel));
  const list = el('div', { role: 'tablist', id, 'aria-label': label, onkeydown: move }, buttons);
  show(tabs.some((tab) => tab.id === selected) ? selected : tabs[0]?.id);
  return el('div', { class: 'tabs' }, list, panels);

  function show(open) {
    tabs.forEach((tab, index) => {
      const is = tab.id === open;
      buttons[index].setAttribute('aria-selected', String(is));
      buttons[index].tabIndex = is ? 0 : -1;
      panels[index].hidden = !is;
    });
  }

  function open(tab) {
    show(tab);
    onselect(tab);
  }

  function move(event) {
    const at = buttons.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = (to + buttons.length) % buttons.length;
    open(tabs[next].id);
    buttons[next].focus();
  }
}
