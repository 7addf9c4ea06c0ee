// A token: its text in three colours, and its header and claims with their meaning.

import { copyButton } from './copy.js';
import { announce, button, el, link, section, table } from './dom.js';
import { expectation } from './fault.js';
import { field, formError, onSubmit } from './form.js';
import { post } from './server.js';
import { timeNode } from './time.js';

/** The lab's token. `fresh`: the user just asked for it. */
export function tokenResult({ token, decoded, fault, jkt, opaque }, { fresh, curl }) {
  if (fresh) announce(fault ? `Got a token. It is wrong: ${fault.title}` : 'Got a token');
  return section('token-section', fault ? `Token: ${fault.title}` : 'Token',
    fault && el('div', { class: 'notice warn', id: 'token-fault' }, el('p', {}, fault.what), expectation(fault)),
    jkt && el('p', { class: 'hint', id: 'token-bound' },
      'It is bound to a key of this page (cnf.jkt). “Call” sends it with a proof by that key. The code below sends it as a bearer token, which the API refuses.'),
    coloured(token),
    el('div', { class: 'actions' },
      copyButton('Copy token', () => token, { id: 'token-copy' }),
      copyButton('Copy curl line', curl, { id: 'curl-copy' }),
      link('Call the API with it', '#/call', { id: 'token-call', class: 'button' }),
      revokeButton(token)),
    opaque && el('p', { class: 'hint', id: 'token-introspected' }, 'This token is opaque. The issuer says this about it when the API asks:'),
    decoded ? decodedTables('token', decoded)
      : el('p', { class: 'hint', id: 'token-opaque' }, 'This token is opaque: only the issuer can read it.'));
}

/** Takes apart any token that the user pastes. */
export function decoder() {
  const text = el('textarea', { id: 'decode-text', rows: '4', class: 'mono', spellcheck: 'false', autocomplete: 'off' });
  const result = el('div', { id: 'decode-result', 'aria-live': 'polite' });
  const form = el('form', { id: 'decode-form' },
    field('token', 'Token', text, 'It is decoded here, on your machine. Its signature is not verified.'),
    formError('decode-error'),
    el('div', { class: 'actions' }, el('button', { id: 'decode', type: 'submit' }, 'Decode')));
  onSubmit(form, async () => {
    result.replaceChildren();
    const { decoded, is_opaque: isOpaque, is_revoked: isRevoked } = await post('/dashboard/decode', { token: text.value.trim() });
    result.replaceChildren(coloured(text.value.trim()),
      ...(isRevoked ? [el('p', { class: 'notice warn', id: 'decoded-revoked' }, 'This issuer has revoked it. An API notices if it asks the issuer (introspection).')] : []),
      ...(isOpaque ? [el('p', { class: 'hint', id: 'decoded-opaque' }, 'It is an opaque token of this issuer, which says this about it:')] : []),
      decodedTables('decoded', decoded));
  });
  return section('decoder', 'Decode any token', form, result);
}

/** Ends a token before it expires (RFC 7009). */
function revokeButton(token) {
  const node = button('Revoke', async () => {
    await post('/dashboard/revoke', { token });
    node.disabled = true;
    node.textContent = 'Revoked';
    announce('Revoked. An API that asks the issuer refuses the token.');
  }, { id: 'token-revoke' });
  return node;
}

function coloured(token) {
  const parts = token.split('.');
  return el('div', { class: 'token', tabindex: '0', role: 'group', 'aria-label': 'Token' },
    el('code', {}, parts.length === 3
      ? parts.map((part, index) => [index > 0 && '.', el('span', { class: `part-${index}` }, part)])
      : token));
}

function decodedTables(id, { header, claims }) {
  return el('div', { class: 'decoded' },
    header.length > 0 && [el('h3', { class: 'part-0' }, 'Header'), rows(`${id}-header`, 'Header', header)],
    el('h3', { class: 'part-1' }, 'Claims'), rows(`${id}-claims`, 'Claims', claims));
}

const rows = (id, caption, all) => table(id, caption, ['Name', 'Value', 'Meaning'], all.map(({ name, value, time, meaning }) => [
  el('code', {}, name),
  [el('code', { class: 'value' }, typeof value === 'string' ? value : JSON.stringify(value)), time && timeNode(time)],
  meaning,
]), { class: 'stack' });
