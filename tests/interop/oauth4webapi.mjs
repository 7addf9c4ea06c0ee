// A client with the npm package `oauth4webapi`. It is told the address of the API and no other: the API's
// metadata (RFC 9728) name the issuer. It gets a bound token and calls the API with proofs.
//
//   node oauth4webapi.mjs API CLIENT SECRET SCOPE

import * as oauth from 'oauth4webapi';

import { report } from './report.mjs';

const [api, client_id, secret, scope] = process.argv.slice(2);
if (!scope) {
  console.error('usage: node oauth4webapi.mjs API CLIENT SECRET SCOPE');
  process.exit(2);
}

const options = { [oauth.allowInsecureRequests]: true, signal: AbortSignal.timeout(30_000) };
const resource = new URL(api);
const metadata = await oauth.processResourceDiscoveryResponse(
  resource,
  await oauth.resourceDiscoveryRequest(resource, options),
);
const issuer = new URL(metadata.authorization_servers[0]);
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));

const client = { client_id };
// An algorithm that the issuer and the API say they accept.
const algorithms = server.dpop_signing_alg_values_supported;
const algorithm = metadata.dpop_signing_alg_values_supported.find((name) => algorithms.includes(name));
const handle = async () => oauth.DPoP(client, await oauth.generateKeyPair(algorithm));
const DPoP = await handle();
const parameters = new URLSearchParams({ resource: metadata.resource, scope });
const granted = await oauth.clientCredentialsGrantRequest(
  server, client, oauth.ClientSecretBasic(secret), parameters, { ...options, DPoP },
);
const { access_token: token } = await oauth.processClientCredentialsResponse(server, client, granted);

const call = (method, path, proofs) => () => oauth.protectedResourceRequest(
  token, method, new URL(path, api), undefined, null, { ...options, DPoP: proofs },
);
await report('without a nonce', call('GET', '/api/private', DPoP));
await report('with a nonce', call('GET', '/api/private', DPoP));
await report('another call', call('GET', '/api/private?page=2', DPoP));
await report('without the scope', call('POST', '/api/messages', DPoP));
const stranger = await handle();
await report('by another key, without a nonce', call('GET', '/api/private', stranger));
await report('by another key', call('GET', '/api/private', stranger));
await report('as a bearer token', call('GET', '/api/private'));
