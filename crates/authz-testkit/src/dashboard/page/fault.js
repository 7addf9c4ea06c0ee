// What is wrong with a token of the test lab.

import { el } from './dom.js';

/** Which answer to expect of an API that gets a token with this fault. */
export const expectation = ({ status, reason }) =>
  el('p', {}, 'Expect ', el('strong', {}, String(status)), reason && [' with the reason ', el('code', {}, reason)], '.');
