// From an empty dashboard to a call that succeeds, and to every one that is refused, in a real browser.
//
//   DASHBOARD_URL=http://127.0.0.1:3011 API_URL=http://127.0.0.1:3010 node --test dashboard.mjs
//
// DASHBOARD_URL is an `authz issuer` with nothing set up, API_URL an example server that trusts it for the audience
// AUDIENCE (https://quickstart.example/api). INSPECTOR_PORT is the port of that server's inspector, if it has one.
// CHROMIUM is the browser's path, and SCREENSHOTS a folder for pictures of every view.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { inspect, launch, open, required } from './browser.mjs';

const DASHBOARD = required('DASHBOARD_URL');
const API = required('API_URL');
const { AUDIENCE = 'https://quickstart.example/api', INSPECTOR_PORT } = process.env;
const VIEWS = [
  'apis', 'apis/new', `apis/edit/${encodeURIComponent(AUDIENCE)}`, 'roles', 'roles/new', 'users', 'users/new', 'users/edit/dev%7Calice',
  'organizations', 'clients', 'clients/new', 'lab', 'call', 'trouble',
];

let browser;
let page;
let problems;

before(async () => {
  browser = await launch();
  ({ page, problems } = await open(browser, `${DASHBOARD}/`));
});
after(() => browser?.close());

const go = async (view) => {
  await page.locator(`#nav-${view}`).click();
  await page.locator(`#nav-${view}[aria-current="page"]`).waitFor();
};

/** Gets a token in the lab; `fault` is the value of the option, empty for a valid token. */
async function getToken(fault) {
  await go('lab');
  await page.locator(`#lab-fault option[value="${fault || 'expired'}"]`).waitFor({ state: 'attached' });
  await page.locator('#lab-fault').selectOption(fault);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/dashboard/token')),
    page.locator('#lab-get').click(),
  ]);
  const { token } = await answer.json();
  await page.waitForFunction((token) => document.querySelector('#token-section .token')?.textContent === token, token);
  return token;
}

/** Sends the request of the Call view with the lab's token, and returns the status that the page shows. */
async function callApi() {
  await go('call');
  await page.locator('#call-url').fill(`${API}/api/private`);
  await page.locator('input[name="with"][value="lab"]').check();
  if (INSPECTOR_PORT) await page.locator('#call-port').fill(INSPECTOR_PORT);
  await page.locator('#call-send').click();
  return Number(await page.locator('#call-status').getAttribute('data-status'));
}

async function deleteApi() {
  await page.locator('#api-delete').click();
  await page.locator('#confirm-yes').click();
}

test('an empty dashboard says what to do', async () => {
  await page.locator('#apis-empty').waitFor();
  assert.equal(await page.locator('#apis-empty button').innerText(), 'Create the quickstart API');
  await inspect(page, 'empty-apis');
  for (const view of ['roles', 'users', 'organizations', 'clients', 'lab', 'call']) {
    await go(view);
    await inspect(page, `empty-${view}`);
  }
});

test('one button creates the quickstart API', async () => {
  await go('apis');
  await page.locator('#api-quickstart').click();
  await page.locator('#api-form').waitFor();
  assert.equal(await page.locator('#api-name').inputValue(), 'Quickstart API');
  assert.equal(await page.locator('#api-identifier').inputValue(), 'https://quickstart.example/api');
  assert.deepEqual(
    await page.locator('#api-scopes input').evaluateAll((inputs) => inputs.map((input) => input.value)),
    ['read:messages', 'Read messages', 'write:messages', 'Write messages'],
  );
  await deleteApi();
  await page.locator('#apis-empty').waitFor();
});

test('the form creates an API with a scope, and shows errors beside their field', async () => {
  await go('apis');
  await page.locator('#api-new').click();
  await page.locator('#api-save').click();
  await page.waitForFunction(() => document.querySelector('#api-identifier-error')?.textContent);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'api-identifier');
  await page.locator('#api-name').fill('Quickstart API');
  await page.locator('#api-identifier').fill(AUDIENCE);
  await page.locator('#scope-name-0').fill('read:messages');
  await page.locator('#scope-about-0').fill('Read messages');
  await page.locator('#scope-add').click();
  await page.locator('#scope-name-1').fill('write:messages');
  await page.locator('#api-save').click();
  await page.locator('#saved').waitFor();
  for (const framework of ['axum', 'warp', 'poem']) {
    await page.locator(`#framework-tab-${framework}`).click();
    assert.match(await page.locator(`#code-${framework}-main`).innerText(), new RegExp(`authz_${framework}`));
  }
});

test('an HMAC secret is shown once and not stored', async () => {
  await go('apis');
  await page.locator('#api-new').click();
  await page.locator('#api-identifier').fill('https://hmac.example/');
  await page.locator('#api-algorithm').selectOption('HS256');
  await page.locator('#api-save').click();
  const secret = await page.locator('#secret-value').innerText();
  assert.match(secret, /^[\w-]{43,}$/);
  await page.locator('#secret-copy').click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
  assert.ok(!(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).includes(secret));
  await page.reload();
  await page.locator('#api-form').waitFor();
  assert.equal(await page.locator('#secret-value').count(), 0);
  await deleteApi();
  await page.locator('#apis').waitFor();
  assert.equal(await page.locator('#apis > li').count(), 1);
});

test('roles, an organization, a user and a client', async () => {
  await go('roles');
  await page.locator('#roles-suggest').click();
  await page.locator('#roles > li[data-id="manager"]').waitFor();
  await page.locator('#roles > li[data-id="administrator"]').waitFor();

  await go('organizations');
  await page.locator('#organization-new').click();
  await page.locator('#organization-id').fill('acme');
  await page.locator('#organization-name').fill('Acme');
  await page.locator('#organization-save').click();
  await page.locator('#organizations > li[data-id="acme"]').waitFor();

  await go('users');
  await page.locator('#user-new').click();
  await page.locator('#user-id').fill('dev|alice');
  await page.locator('#user-name').fill('Alice');
  await page.locator('#choose-roles [data-value="manager"]').check();
  await page.locator('#choose-organizations [data-value="acme"]').check();
  await page.locator('#user-save').click();
  await page.locator('#users > li[data-id="dev|alice"]').waitFor();

  await go('clients');
  await page.locator('#client-new').click();
  await page.locator('#client-id').fill('worker');
  await page.locator('#choose-scopes [data-value="read:messages"]').check();
  await page.locator('#client-save').click();
  await page.locator('#clients > li[data-id="worker"]').waitFor();
});

test('a token from the lab opens the API', async () => {
  const token = await getToken('');
  await page.locator('#token-claims').getByText(AUDIENCE).waitFor();
  await page.locator('#token-copy').click();
  await page.locator('#token-copy', { hasText: 'Copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token);
  assert.equal(await callApi(), 200);
});

test('a token for a user carries what the user has', async () => {
  await go('lab');
  await page.locator('#lab-user').selectOption('dev|alice');
  await getToken('');
  await page.locator('#token-claims').getByText('dev|alice').waitFor();
  await page.locator('#token-claims').getByText('manager').waitFor();
  assert.equal(await callApi(), 200);
});

test('the lab names the scopes that a client may not ask for', async () => {
  await go('lab');
  await page.locator('#lab-client').selectOption('worker');
  await page.locator('#lab-client-note', { hasText: 'worker may not ask for write:messages' }).waitFor();
  await page.locator('#lab-client').selectOption('');
  await page.locator('#lab-client-note').waitFor({ state: 'hidden' });
});

test('without a token, and without the scope', async () => {
  await go('call');
  await page.locator('input[name="with"][value="none"]').check();
  await page.locator('#call-send').click();
  await page.locator('#call-status[data-status="401"]').waitFor();
  await page.locator('#call-challenge-0').waitFor();

  await go('lab');
  await page.locator('#lab-scopes [data-value="read:messages"]').uncheck();
  await getToken('');
  assert.equal(await callApi(), 403);
  await go('lab');
  await page.locator('#lab-scopes [data-value="read:messages"]').check();
});

test('every wrong token is refused as the list of faults announces', async () => {
  const faults = await page.evaluate(() => fetch('/dashboard/faults').then((response) => response.json()));
  assert.ok(faults.length >= 10, `${faults.length} faults`);
  for (const { name, status, reason } of faults) {
    await getToken(name);
    assert.equal(await callApi(), status, name);
    assert.equal(await page.locator('#call-verdict').getAttribute('data-as-expected'), 'true', name);
    if (INSPECTOR_PORT) assert.equal(await page.locator('.decision [data-name="reason"] dd').first().innerText(), reason, name);
  }
  await getToken('');
  assert.equal(await callApi(), 200);
});

test('a token that is bound to a key of the page is proven, with the nonce that the API asks for', async () => {
  await go('lab');
  await page.locator('#lab-kinds [data-value="bound"]').check();
  const token = await getToken('');
  await page.locator('#token-claims').getByText('jkt').waitFor();
  await page.locator('#token-bound').waitFor();
  assert.equal(await callApi(), 200);
  await page.locator('#call-note', { hasText: 'asked for a nonce' }).waitFor();
  // The nonce is remembered, and each proof is new.
  for (let calls = 0; calls < 2; calls += 1) {
    assert.equal(await callApi(), 200);
    await page.locator('#call-note', { hasText: 'Sent with a proof' }).waitFor();
  }
  // The key is gone with the page that made it: the same token is a bearer token now.
  await page.reload();
  assert.equal(await callApi(), 401);
  await page.locator('#call-note', { hasText: 'a key that this page does not have' }).waitFor();
  if (INSPECTOR_PORT) assert.equal(await page.locator('.decision [data-name="reason"] dd').first().innerText(), 'sender_constrained');
  await go('lab');
  assert.notEqual(await getToken(''), token);
  assert.equal(await callApi(), 200);
  await go('lab');
  await page.locator('#lab-kinds [data-value="bound"]').uncheck();
});

test('an opaque token is explained by the issuer, until it is revoked', async () => {
  await go('lab');
  await page.locator('#lab-kinds [data-value="opaque"]').check();
  const token = await getToken('');
  assert.ok(!token.includes('.'), token);
  await page.locator('#token-claims').getByText(AUDIENCE).waitFor();
  await page.locator('#decode-text').fill(token);
  await page.locator('#decode').click();
  await page.locator('#decoded-opaque').waitFor();
  assert.equal(await page.locator('#decoded-revoked').count(), 0);
  await page.locator('#token-revoke').click();
  await page.locator('#token-revoke', { hasText: 'Revoked' }).waitFor();
  await page.locator('#decode').click();
  await page.locator('#decoded-revoked').waitFor();
  await page.locator('#lab-kinds [data-value="opaque"]').uncheck();
});

test('the API keeps working after a rotation', async () => {
  await go('trouble');
  await page.locator('#keys tr[data-signs="true"]').first().waitFor();
  const kids = () => page.locator('#keys tr[data-signs="true"]').evaluateAll((rows) => rows.map((row) => row.dataset.kid));
  const before = await kids();
  await page.locator('#rotate').click();
  await page.waitForFunction((before) => ![...document.querySelectorAll('#keys tr[data-signs="true"]')].some((row) => before.includes(row.dataset.kid)), before);
  await page.waitForFunction(() => document.querySelector('#chart-fetches-value')?.textContent.includes('/s'));
  await getToken('');
  assert.equal(await callApi(), 200);

  await go('trouble');
  await page.locator(`#keys tr[data-kid="${before[0]}"]`).getByRole('button', { name: 'Withdraw' }).click();
  await page.locator(`#keys tr[data-kid="${before[0]}"]`).waitFor({ state: 'detached' });
  assert.equal(await callApi(), 200);
});

test('a fault of the key server is switched on and off', async () => {
  await go('trouble');
  for (const fault of ['status_503', 'none']) {
    await page.locator(`#key-fault [data-value="${fault}"]`).check();
    await page.waitForFunction((fault) => fetch('/dashboard/state').then((response) => response.json()).then((state) => state.fault === fault), fault);
  }
});

test('every language shows code for the URL', async () => {
  await go('lab');
  await page.locator('#snippets-url').fill(`${API}/api/me`);
  await page.locator('#snippets-url').press('Enter');
  await page.waitForFunction(() => document.querySelector('#snippet-curl-call')?.textContent.includes('/api/me'));
  const tabs = page.locator('#languages [role="tab"]');
  assert.equal(await tabs.count(), 12);
  for (const tab of await tabs.all()) {
    await tab.click();
    const language = await tab.getAttribute('data-tab');
    const code = await page.locator(`#snippet-${language}-call`).innerText();
    // Some languages take the host and the path apart.
    for (const part of [new URL(API).hostname, new URL(API).port, '/api/me']) assert.ok(code.includes(part), `${language}: ${code}`);
    await page.locator(`#languages-panel-${language} .standing`).waitFor();
  }
});

test('a pasted token is decoded, and what is not a token is refused', async () => {
  const token = await getToken('');
  await page.locator('#decode-text').fill(token);
  await page.locator('#decode').click();
  await page.locator('#decoded-claims').getByText(AUDIENCE).waitFor();
  await page.locator('#decode-text').fill('nonsense');
  await page.locator('#decode').click();
  await page.waitForFunction(() => document.querySelector('#decode-text-error, #decode-error') && [...document.querySelectorAll('#decode-form .error')].some((place) => place.textContent));
});

test('the lab survives navigation and reload', async () => {
  await go('lab');
  await page.locator('#lab-fault').selectOption('expired');
  await page.locator('#lab-other-scopes').fill('read:other');
  await go('call');
  await page.goBack();
  await page.locator('#lab-form').waitFor();
  await page.reload();
  await page.waitForFunction(() => document.querySelector('#lab-fault')?.value === 'expired');
  assert.equal(await page.locator('#lab-other-scopes').inputValue(), 'read:other');
  await page.locator('#lab-other-scopes').fill('');
});

test('the keyboard is enough to get a token and to change the language', async () => {
  await go('lab');
  await page.locator('#lab-fault').selectOption('');
  await page.reload();
  await page.locator('#token-section').waitFor();
  const before = await page.locator('#token-section .token').innerText();
  const focused = () => page.evaluate(() => document.activeElement.id);
  for (let presses = 0; await focused() !== 'lab-get'; presses += 1) {
    assert.ok(presses < 80, 'Tab does not reach the button');
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  await page.waitForFunction((before) => document.querySelector('#token-section .token').innerText !== before, before);
  await page.locator('#languages [role="tab"]').first().waitFor();
  await page.locator('#languages [role="tab"][aria-selected="true"]').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  const second = page.locator('#languages [role="tab"]').nth(1);
  assert.equal(await second.getAttribute('aria-selected'), 'true');
  assert.equal(await focused(), await second.getAttribute('id'));
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1280, 360]) {
    test(`every view is accessible: ${colorScheme}, ${width} pixels wide`, async () => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 900 });
      await getToken('expired');
      assert.equal(await callApi(), 401);
      await inspect(page, `called-${colorScheme}-${width}`);
      await go('lab');
      await page.locator('#lab-kinds [data-value="bound"]').check();
      await getToken('');
      await inspect(page, `lab-bound-${colorScheme}-${width}`);
      assert.equal(await callApi(), 200);
      await page.locator('#call-note').waitFor();
      await inspect(page, `called-bound-${colorScheme}-${width}`);
      await go('lab');
      await page.locator('#lab-kinds [data-value="bound"]').uncheck();
      await page.locator('#lab-kinds [data-value="opaque"]').check();
      const opaque = await getToken('');
      await page.locator('#decode-text').fill(opaque);
      await page.locator('#token-revoke').click();
      await page.locator('#token-revoke[disabled]').waitFor();
      await page.locator('#decode').click();
      await page.locator('#decoded-revoked').waitFor();
      await inspect(page, `lab-opaque-${colorScheme}-${width}`);
      await page.locator('#lab-kinds [data-value="opaque"]').uncheck();
      for (const view of VIEWS) {
        await page.goto(`${DASHBOARD}/#/${view}`);
        await page.reload();
        await page.locator('#title').waitFor();
        if (view.startsWith('apis/edit')) await page.locator('#framework').waitFor();
        if (view === 'lab') await page.locator('#languages').waitFor();
        if (view === 'trouble') await page.waitForFunction(() => document.querySelector('#chart-fetches-value')?.textContent.includes('/s'));
        await inspect(page, `${view.replaceAll(/[^a-z]+/g, '-')}-${colorScheme}-${width}`);
      }
    });
  }
}

test('no script failed, and nothing broke the content security policy', () => assert.deepEqual(problems, []));
