// An OpenID provider that this repository did not write: the npm package `oidc-provider`, with one
// client per way of making an access token. Every client asks for its token with the client
// credentials grant and the resource it wants to call (RFC 8707).
//
//   PORT=0 ISSUER_PATH=/tenant node oidc-provider.mjs

import { X509Certificate, generateKeyPairSync, randomBytes } from 'node:crypto';

import express from 'express';
import { Provider, errors } from 'oidc-provider';

import { listen } from './listen.mjs';

// Our servers are configured with the first; a token for the second is somebody else's.
const RESOURCES = ['https://quickstart.example/api', 'https://elsewhere.example/api'];
// Clients that discover an API of this machine ask for tokens for its address.
const LOOPBACK = /^http:\/\/127\.0\.0\.1:\d+\/?$/;
const SCOPES = 'read:messages write:messages';
const SECRET = 'interop-secret';
// Asks about the tokens that it gets.
const API = 'messages-api';

// How each client's access tokens are made.
const CLIENTS = {
  'service-rs256': { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } },
  'service-es256': { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } },
  'service-ps256': { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'PS256' } } },
  'service-eddsa': { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'EdDSA' } } },
  'service-encrypted': {
    accessTokenFormat: 'jwt',
    jwt: {
      sign: { alg: 'RS256' },
      encrypt: { alg: 'dir', enc: 'A256GCM', key: randomBytes(32) },
    },
  },
  'service-opaque': { accessTokenFormat: 'opaque' },
  'service-mtls': { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } },
};

function signingKey(alg, type, options) {
  const jwk = generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' });
  return { ...jwk, alg, use: 'sig', kid: `${alg}-${randomBytes(4).toString('hex')}` };
}

const configuration = {
  jwks: {
    keys: [
      signingKey('RS256', 'rsa', { modulusLength: 2048 }),
      signingKey('PS256', 'rsa', { modulusLength: 2048 }),
      signingKey('ES256', 'ec', { namedCurve: 'P-256' }),
      signingKey('EdDSA', 'ed25519', {}),
    ],
  },
  clients: [...Object.keys(CLIENTS), API].map((client_id) => ({
    client_id,
    client_secret: SECRET,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    authorization_details_types: ['payment_initiation'],
    // Most clients authenticate in the header, one in the body: both are in use.
    token_endpoint_auth_method:
      client_id === 'service-es256' ? 'client_secret_post' : 'client_secret_basic',
    ...(client_id === 'service-mtls' && { tls_client_certificate_bound_access_tokens: true }),
    ...(client_id === API && { introspection_signed_response_alg: 'ES256' }),
  })),
  scopes: SCOPES.split(' '),
  ttl: { ClientCredentials: 300 },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    dPoP: { enabled: true },
    // As behind a proxy that passes the client's certificate on.
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      getCertificate(ctx) {
        const der = ctx.get('x-client-cert');
        return der ? new X509Certificate(Buffer.from(der, 'base64')) : undefined;
      },
    },
    // Every client gets the authorization details that it asks for (RFC 9396).
    richAuthorizationRequests: {
      enabled: true,
      types: { payment_initiation: { validate() {} } },
      authorizationDetailsForAccessToken: ({ oidc: { params } }) =>
        params.authorization_details && JSON.parse(params.authorization_details),
      authorizationDetailsForIntrospection: (ctx, token) => token.rar,
    },
    introspection: { enabled: true, allowedPolicy: (ctx, client) => client.clientId === API },
    jwtIntrospection: { enabled: true },
    revocation: { enabled: true, allowedPolicy: (ctx, client, token) => token.clientId === client.clientId },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo(ctx, resource, client) {
        if (!RESOURCES.includes(resource) && !LOOPBACK.test(resource)) {
          throw new errors.InvalidTarget();
        }
        return { audience: resource, scope: SCOPES, ...CLIENTS[client.clientId] };
      },
    },
  },
};

await listen((base) => {
  const path = process.env.ISSUER_PATH ?? '';
  const provider = new Provider(base + path, configuration);
  provider.on('server_error', (ctx, error) => console.error(error));
  return path ? express().use(path, provider.callback()) : provider.callback();
});
