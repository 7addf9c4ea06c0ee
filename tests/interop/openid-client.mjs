// A client with the npm package `openid-client`, which repeats a call with the nonce by itself: gets a bound
// token and calls an API with proofs.
//
//   node openid-client.mjs API CLIENT SECRET SCOPE ISSUER

import * as client from 'openid-client';

import { report } from './report.mjs';

const [api, id, secret, scope, issuer] = process.argv.slice(2);
if (!issuer) {
  console.error('usage: node openid-client.mjs API CLIENT SECRET SCOPE ISSUER');
  process.exit(2);
}

const config = await client.discovery(new URL(issuer), id, undefined, client.ClientSecretBasic(secret), {
  execute: [client.allowInsecureRequests],
});
const handle = async () => client.getDPoPHandle(config, await client.randomDPoPKeyPair('EdDSA'));
const DPoP = await handle();
const { access_token: token } = await client.clientCredentialsGrant(config, { resource: api, scope }, { DPoP });

const call = (method, path, proofs) => () => client.fetchProtectedResource(
  config, token, new URL(path, api), method, undefined, undefined, { DPoP: proofs },
);
await report('a call', call('GET', '/api/private', DPoP));
await report('another call', call('GET', '/api/private?page=2', DPoP));
await report('without the scope', call('POST', '/api/messages', DPoP));
await report('by another key', call('GET', '/api/private', await handle()));
await report('as a bearer token', call('GET', '/api/private'));
