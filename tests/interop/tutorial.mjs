// The tutorial's API on the tutorial's libraries: express 4, express-jwt 5, jwks-rsa 1 and
// express-jwt-authz 1.0, put together and configured as their READMEs and the tutorial say.
//
//   ISSUER=... AUDIENCE=... JWKS_URI=... node tutorial.mjs

import express from 'express';
import jwt from 'express-jwt';
import jwtAuthz from 'express-jwt-authz';
import jwksRsa from 'jwks-rsa';

import { listen, required } from './listen.mjs';

const checkJwt = jwt({
  secret: jwksRsa.expressJwtSecret({
    cache: true,
    rateLimit: true,
    jwksRequestsPerMinute: 5,
    jwksUri: required('JWKS_URI'),
  }),
  audience: required('AUDIENCE'),
  issuer: required('ISSUER'),
  algorithms: ['RS256'],
});

const app = express();

app.get('/api/public', (req, res) => {
  res.json({
    message: "Hello from a public endpoint! You don't need to be authenticated to see this.",
  });
});

app.get('/api/private', checkJwt, jwtAuthz(['read:messages']), (req, res) => {
  res.json({
    message:
      'Hello from a private endpoint! You need to be authenticated and have a scope of read:messages to see this.',
  });
});

// The tutorial's second half: a manager reads the messages, an administrator writes them.
const messages = [{ id: 1, text: 'Welcome' }];

app.get('/api/messages', checkJwt, jwtAuthz(['read:messages']), (req, res) => {
  res.json(messages);
});

app.post('/api/messages', checkJwt, jwtAuthz(['write:messages']), express.json(), (req, res) => {
  const message = { id: messages.length + 1, text: req.body.text };
  messages.push(message);
  res.status(201).json(message);
});

app.get('/api/me', checkJwt, (req, res) => {
  res.json(req.user);
});

await listen(() => app);
