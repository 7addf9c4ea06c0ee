// Prints an access token that the provider bound to a key made here (RFC 9449): sent as a plain
// bearer token it is worth nothing to whoever copied it, so our servers have to refuse it.
//
//   node dpop-token.mjs TOKEN_ENDPOINT CLIENT SECRET RESOURCE SCOPE

import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';

const [endpoint, client, secret, resource, scope] = process.argv.slice(2);
if (!scope) {
  console.error('usage: node dpop-token.mjs TOKEN_ENDPOINT CLIENT SECRET RESOURCE SCOPE');
  process.exit(2);
}

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) });
const claims = encode({
  jti: randomUUID(),
  htm: 'POST',
  htu: endpoint,
  iat: Math.floor(Date.now() / 1000),
});
const signature = sign('sha256', Buffer.from(`${header}.${claims}`), {
  key: privateKey,
  dsaEncoding: 'ieee-p1363',
});

const response = await fetch(endpoint, {
  method: 'POST',
  signal: AbortSignal.timeout(30_000),
  headers: {
    authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}`,
    dpop: `${header}.${claims}.${signature.toString('base64url')}`,
  },
  body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope }),
});
const answer = await response.json();
if (answer.token_type !== 'DPoP') {
  console.error(`expected a token of type DPoP, got ${response.status} ${JSON.stringify(answer)}`);
  process.exit(1);
}
console.log(answer.access_token);
