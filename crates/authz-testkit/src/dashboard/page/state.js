// What the issuer knows (`state`), and what this browser tab remembers (`recall`, `remember`).

import { del, get, processToken, put } from './server.js';

let current = null;

export const state = () => current;

export async function refresh() {
  current = await get('/dashboard/state');
}

export function accept(state) {
  current = state;
}

/** Creates an entry, or replaces `previous`. Resolves to the secret of a new HMAC API, or null. */
export async function save(kind, previous, entry) {
  const answer = await put(`/dashboard/${kind}`, { previous, entry });
  accept(answer.state);
  return answer.secret ?? null;
}

export async function remove(kind, id) {
  accept((await del(`/dashboard/${kind}`, { id })).state);
}

export const apiOf = (identifier) => current.apis.find((api) => api.identifier === identifier);

export function recall(name, fallback) {
  try {
    return { ...fallback, ...JSON.parse(sessionStorage.getItem(`authz.${name}`)) };
  } catch {
    return { ...fallback };
  }
}

export function remember(name, value) {
  try {
    sessionStorage.setItem(`authz.${name}`, JSON.stringify(value));
  } catch {
    // Storage is full or switched off: the page works, and forgets on reload.
  }
}

/** The test lab's last token, unless another process of the issuer made it. */
export function labToken() {
  const last = recall('token', { token: null, decoded: null, fault: null, process: null });
  return last.token !== null && last.process === processToken ? last : null;
}

export const rememberToken = (last) => remember('token', { ...last, process: processToken });

/** The request of the Call view; the snippets use its URL. */
export const callForm = () => recall('call', {
  method: 'GET', url: new URL('/api/private', current.api_url).href, with: 'lab', own: '', body: '{"text": "hello"}', port: current.inspector_port,
});
