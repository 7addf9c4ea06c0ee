// A client with the npm package `dpop`: gets a bound token from the provider, calls an API with proofs, and
// prints what came of each request as one line of JSON.
//
//   node dpop-client.mjs TOKEN_ENDPOINT CLIENT SECRET RESOURCE SCOPE API PUBLIC_URL

import { generateKeyPair, generateProof } from 'dpop';

const [endpoint, client, secret, resource, scope, api, publicUrl] = process.argv.slice(2);
if (!publicUrl) {
  console.error('usage: node dpop-client.mjs TOKEN_ENDPOINT CLIENT SECRET RESOURCE SCOPE API PUBLIC_URL');
  process.exit(2);
}

const signal = AbortSignal.timeout(30_000);
const keys = await generateKeyPair('ES256', { extractable: true });
const response = await fetch(endpoint, {
  method: 'POST',
  signal,
  headers: {
    authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}`,
    dpop: await generateProof(keys, endpoint, 'POST'),
  },
  body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope }),
});
const { access_token: token, token_type: type } = await response.json();
if (type !== 'DPoP') {
  console.error(`expected a token of type DPoP, got ${response.status} ${type}`);
  process.exit(1);
}

const path = '/api/private';
const proof = (nonce, other = keys) => generateProof(other, publicUrl + path, 'GET', nonce, token);
async function call(what, authorization, dpop) {
  const headers = { authorization, ...(dpop && { dpop }) };
  const answer = await fetch(api + path, { headers, signal });
  const challenge = answer.headers.get('www-authenticate') ?? '';
  const error = /error="(\w+)"/.exec(challenge)?.[1] ?? null;
  console.log(JSON.stringify({ what, status: answer.status, error }));
  return answer.headers.get('dpop-nonce');
}

const nonce = await call('without a nonce', `DPoP ${token}`, await proof());
const good = await proof(nonce);
await call('with a nonce', `DPoP ${token}`, good);
await call('the same proof again', `DPoP ${token}`, good);
await call('without a proof', `DPoP ${token}`);
const stranger = await generateKeyPair('ES256');
await call('by another key', `DPoP ${token}`, await proof(nonce, stranger));
await call('as a bearer token', `Bearer ${token}`);
await call('another new proof', `DPoP ${token}`, await proof(nonce));
