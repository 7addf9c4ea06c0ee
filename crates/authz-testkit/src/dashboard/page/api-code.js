// The code that protects an API, for each web framework.

import { codeBlock } from './copy.js';
import { el, section } from './dom.js';
import { post } from './server.js';
import { recall, remember } from './state.js';
import { tabList } from './tabs.js';

export function apiCode(identifier) {
  const body = el('div', { id: 'api-code-body', 'aria-busy': 'true' }, el('p', { class: 'hint' }, 'Loading'));
  load(identifier, body);
  return section('api-code', 'Code for this API',
    el('p', { class: 'about' }, 'A server that trusts this issuer and asks for the scopes of this API.'), body);
}

async function load(identifier, body) {
  try {
    const frameworks = await post('/dashboard/code', { api: identifier });
    body.replaceChildren(tabList('framework', 'Web framework', frameworks.map(({ framework, title, manifest, code }) => ({
      id: framework,
      title,
      panel: [
        codeBlock(`code-${framework}-manifest`, 'Cargo.toml', `Cargo.toml for ${title}`, manifest),
        codeBlock(`code-${framework}-main`, 'src/main.rs', `Rust code for ${title}`, code),
      ],
    })), recall('tabs', {}).framework, (framework) => remember('tabs', { ...recall('tabs', {}), framework })));
  } catch (error) {
    body.replaceChildren(el('p', { class: 'error', role: 'alert' }, error.message));
  }
  body.removeAttribute('aria-busy');
}
