// Starts a server the way `cargo xtask interop` expects: on loopback, on a free port unless PORT names
// one, one `listening on http://...` line on stdout once it accepts, gone on SIGTERM or SIGINT.

import { createServer } from 'node:http';
import { once } from 'node:events';

/**
 * `handlerFor` is given the base URL, because an issuer has to know its own address.
 *
 * @param {(base: string) => import('node:http').RequestListener} handlerFor
 */
export async function listen(handlerFor) {
  const server = createServer();
  server.listen(Number(process.env.PORT ?? 0), '127.0.0.1');
  await once(server, 'listening');

  const base = `http://127.0.0.1:${server.address().port}`;
  server.on('request', handlerFor(base));

  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => {
      server.close(() => process.exit(0));
      server.closeAllConnections();
    });
  }
  console.log(`listening on ${base}`);
}

/** The value of a variable this script cannot run without. */
export function required(name) {
  const value = process.env[name];
  if (!value) {
    console.error(`${name} is not set; \`cargo xtask interop\` sets it, or see tests/interop/README.md`);
    process.exit(2);
  }
  return value;
}
