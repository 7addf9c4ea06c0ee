// Proofs that this page has a key (DPoP, RFC 9449). The key cannot be read, and is gone after a reload.

let made = null;
// The last nonce of each API: it may ask for one in every proof.
const nonces = new Map();

/** The thumbprint of the page's key (RFC 7638), the `jkt` of tokens that are bound to it. */
export const thumbprint = async () => (await key()).jkt;

/** Whether the page has the key that the token is bound to. */
export const canProve = async (token) => made !== null && jktOf(token) === (await made).jkt;

/** The thumbprint of the key that a token is bound to, or null. */
export function jktOf(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')), (it) => it.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)).cnf?.jkt ?? null;
  } catch {
    return null;
  }
}

/** Makes a proof for one request (section 4.2). */
export async function proof(method, url, token) {
  const { pair, jwk } = await key();
  const { origin, pathname } = new URL(url);
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk };
  const claims = {
    jti: crypto.randomUUID(), htm: method, htu: origin + pathname, iat: Math.floor(Date.now() / 1000),
    ath: await sha256(token), nonce: nonces.get(origin),
  };
  const signed = [header, claims].map((part) => base64url(new TextEncoder().encode(JSON.stringify(part)))).join('.');
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, new TextEncoder().encode(signed));
  return `${signed}.${base64url(signature)}`;
}

/** Remembers the nonce of an answer. Returns whether the API refused the request because it lacks it (section 9). */
export function needsNonce(url, { headers, challenges }) {
  const nonce = headers.find(([name]) => name === 'dpop-nonce')?.[1];
  if (!nonce) return false;
  nonces.set(new URL(url).origin, nonce);
  return challenges.some(({ parameters }) => parameters.some(([name, value]) => name === 'error' && value === 'use_dpop_nonce'));
}

function key() {
  made ??= generate();
  return made;
}

async function generate() {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const jwk = { crv, kty, x, y };
  return { pair, jwk, jkt: await sha256(JSON.stringify(jwk)) };
}

const sha256 = async (text) => base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
