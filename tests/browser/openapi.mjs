// From the API's documentation page to a call with a token of a user who logged in, in a real browser.
//
//   API_URL=http://127.0.0.1:3010 DASHBOARD_URL=http://127.0.0.1:3011 node --test openapi.mjs
//
// API_URL is an example server with `/openapi.json` and `/docs` that trusts the `authz issuer` at DASHBOARD_URL.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import SwaggerParser from '@apidevtools/swagger-parser';

import { inspect, launch, open, required } from './browser.mjs';

const API = required('API_URL');
const DASHBOARD = required('DASHBOARD_URL');

let browser;
let page;
let problems;

before(async () => {
  browser = await launch();
  ({ page, problems } = await open(browser, `${API}/docs/`));
});
after(() => browser?.close());

const operation = (path) => page.locator('.opblock-summary-get').filter({ has: page.locator(`[data-path="${path}"]`) }).locator('..');

/** Sends the request with the button of the page, and returns the status that the page shows. */
async function call(path) {
  const block = operation(path);
  const button = block.locator('.execute');
  if (!await button.isVisible()) {
    await block.locator('.opblock-summary-control').click();
    await block.locator('.try-out__btn').click();
  }
  const [answer] = await Promise.all([page.waitForResponse((response) => response.url() === `${API}${path}`), button.click()]);
  return answer.status();
}

/** Opens the login page of the authorization code flow. */
async function authorize() {
  await page.locator('.auth-wrapper .btn.authorize').first().click();
  const flow = page.locator('.auth-container').filter({ hasText: 'authorizationCode' });
  for (const label of await flow.locator('.scopes .checkbox label').all()) await label.click();
  const [login] = await Promise.all([page.waitForEvent('popup'), flow.locator('.btn.authorize').click()]);
  login.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await login.locator('#subject').waitFor();
  // Auth0 issues a token for the API only with it.
  assert.equal(new URL(login.url()).searchParams.get('audience'), 'https://quickstart.example/api');
  return { flow, login };
}

test('the document is valid OpenAPI, and names the scopes', async () => {
  const document = await SwaggerParser.validate(await (await fetch(`${API}/openapi.json`)).json());
  assert.deepEqual(document.paths['/api/private'].get.security, [{ oauth2: ['read:messages'] }]);
  assert.deepEqual(document.paths['/api/me'].get.security, [{ oauth2: [] }]);
  assert.equal(document.paths['/api/public'].get.security, undefined);
  const { post } = document.paths['/api/orgs/{org}/messages'];
  assert.deepEqual(post.security, [{ oauth2: ['write:messages'] }]);
  assert.ok(post.requestBody.content['application/json']);
  assert.ok(post.responses['201']);
  const { authorizationCode } = document.components.securitySchemes.oauth2.flows;
  assert.equal(authorizationCode.authorizationUrl, `${DASHBOARD}/authorize`);
  assert.deepEqual(Object.keys(authorizationCode.scopes), ['read:messages', 'write:messages']);
});

test('without a token, the page shows the refusal', async () => {
  await operation('/api/private').waitFor();
  assert.equal(await call('/api/private'), 401);
});

test('a cancelled login gives no token', async () => {
  const { flow, login } = await authorize();
  await Promise.all([login.waitForEvent('close'), login.locator('#deny').click()]);
  await flow.getByText('access_denied').first().waitFor();
  await page.locator('.modal-ux .close-modal').click();
  assert.equal(await call('/api/private'), 401);
});

test('after the login, the API answers', async () => {
  const { flow, login } = await authorize();
  await inspect(login, 'login');
  await login.locator('#subject').fill('ada');
  await Promise.all([login.waitForEvent('close'), login.locator('#allow').click()]);
  await flow.getByText('Logout').waitFor();
  await page.locator('.modal-ux .close-modal').click();
  assert.equal(await call('/api/private'), 200);
  assert.equal(await call('/api/me'), 200);
  assert.match(await operation('/api/me').locator('.live-responses-table').innerText(), /"sub": "ada"/);
});

test('no script failed, and nothing broke the content security policy', () => assert.deepEqual(problems, []));
