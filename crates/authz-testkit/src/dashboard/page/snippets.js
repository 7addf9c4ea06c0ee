// Code that calls the API with the lab's token, and code that gets a token, in every language.

import { codeBlock } from './copy.js';
import { el, section } from './dom.js';
import { field, input } from './form.js';
import { post } from './server.js';
import { callForm, recall, remember } from './state.js';
import { tabList } from './tabs.js';

const STANDING = {
  run: 'The tests of authz run this code.',
  compiled: 'The tests of authz compile this code. They do not run it.',
  parsed: 'The tests of authz check the syntax of this code. They do not run it.',
  unproven: 'No test checks this code.',
};

export function snippets() {
  const body = el('div', { id: 'snippets-body' });
  const url = input('snippets-url', callForm().url, { type: 'url', inputmode: 'url', class: 'mono' });
  let current = null;
  let curl = '';
  let turn = 0;
  url.addEventListener('change', () => {
    remember('call', { ...callForm(), url: url.value.trim() });
    update(current);
  });
  return {
    node: section('snippets', 'Code', el('p', { class: 'about' }, 'Each language calls the API with the token above, and gets a token of its own.'),
      field('url', 'URL to call', url), body),
    curl: () => curl,
    update,
  };

  async function update(token) {
    const mine = ++turn;
    current = token;
    if (!token) {
      body.replaceChildren(el('p', { class: 'hint' }, 'Get a token first.'));
      return;
    }
    const { token: text, api, client, scopes } = token;
    let shown;
    try {
      const all = await post('/dashboard/snippets', { url: url.value.trim(), token: text, api, client, scopes });
      if (mine !== turn) return;
      curl = all.find(({ language }) => language === 'curl')?.call ?? '';
      shown = tabList('languages', 'Language', all.map(tab), recall('tabs', {}).language,
        (language) => remember('tabs', { ...recall('tabs', {}), language }));
    } catch (error) {
      if (mine !== turn) return;
      shown = el('p', { class: 'error', role: 'alert' }, error.message);
    }
    body.replaceChildren(shown);
  }
}

const tab = ({ language, title, call, token, standing }) => ({
  id: language,
  title,
  panel: [
    codeBlock(`snippet-${language}-call`, 'Call the API', `${title}: call the API`, call),
    codeBlock(`snippet-${language}-token`, 'Get a token', `${title}: get a token`, token),
    el('p', { class: `standing ${standing}`, 'data-standing': standing }, STANDING[standing] ?? standing),
  ],
});
