// The tutorial's client in JavaScript: get a token, call the API, print the status and the body.
//
//   node call.mjs ISSUER AUDIENCE SCOPE URL

const [issuer, audience, scope, url] = process.argv.slice(2);
if (!url) {
  console.error('usage: node call.mjs ISSUER AUDIENCE SCOPE URL');
  process.exit(2);
}

// Everything is on this machine: what takes longer hangs.
const signal = AbortSignal.timeout(30_000);

const granted = await fetch(new URL('/oauth/token', issuer), {
  method: 'POST',
  signal,
  body: new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'interop',
    client_secret: 'interop',
    audience,
    scope,
  }),
});
if (!granted.ok) {
  console.error(`the issuer answered ${granted.status}: ${await granted.text()}`);
  process.exit(1);
}
const { token_type, access_token } = await granted.json();

const response = await fetch(url, {
  signal,
  headers: { authorization: `${token_type} ${access_token}` },
});
console.log(response.status, await response.text());
