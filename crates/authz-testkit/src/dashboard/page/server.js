// The issuer's HTTP interface. Changes carry a token that only this page knows, so that no other site
// that is open in the browser can make them.

export const processToken = document.querySelector('meta[name="authz-token"]').content;

export class ServerError extends Error {
  constructor({ error, message, field }) {
    super(sentence(message));
    this.code = error;
    this.field = field ?? null;
  }
}

const sentence = (text) => text.slice(0, 1).toUpperCase() + text.slice(1) + (/[.?!]$/.test(text) ? '' : '.');

export const get = (path) => request('GET', path);
export const post = (path, body) => request('POST', path, body);
export const put = (path, body) => request('PUT', path, body);
export const del = (path, body) => request('DELETE', path, body);

async function request(method, path, body) {
  const init = { method, cache: 'no-store' };
  if (body !== undefined) {
    init.headers = { 'content-type': 'application/json', 'authz-token': processToken };
    init.body = JSON.stringify(body);
  }
  let response, text;
  try {
    response = await fetch(path, init);
    text = await response.text();
  } catch {
    throw new ServerError({ error: 'stopped', message: 'The issuer does not answer. Start `authz issuer` again and reload this page.' });
  }
  const answer = parse(text);
  if (response.ok && answer !== undefined) return answer;
  throw new ServerError({ error: 'status', message: `The issuer answered with status ${response.status}.`, ...answer });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
