import flash from 'connect-flash';
import { csrfSync } from 'csrf-sync';
import express, { type Express, type Request, type RequestHandler } from 'express';
import session from 'express-session';
import grant from 'grant';
import { createSessionMiddleware, createSessionStore, defineSessionEntity } from 'nestjs-typeorm-session/express';
import * as client from 'openid-client';
import { describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { CLIENT_ID, startProvider } from '../support/oauth-provider.js';
import { SECRET } from '../support/secret.js';

/** What the libraries of this spec keep in a session. */
interface Kept {
  grant?: { response: { access_token: string; id_token: string; error?: unknown } };
  oidc?: { state: string; nonce: string; verifier: string };
  userId?: string;
}

const kept = (req: Request) => req.session as unknown as Kept;

// What its types say is not callable in an ES module.
const expressGrant = (grant as unknown as { express: (config: object) => RequestHandler }).express;

/** Follows redirects over the application and the provider, as a browser does; the last answer. */
async function follow(browser: Browser, path: string): Promise<Response> {
  let answer = await browser.get(path);
  for (let step = 0; step < 9; step++) {
    const location = answer.headers.get('location');
    if (location === null) return answer;
    // express-session stores what a redirect says after its head, and before its end.
    await answer.text();
    const url = new URL(location, browser.address);
    answer = url.origin === browser.address ? await browser.get(url.pathname + url.search) : await fetch(url, { redirect: 'manual' });
  }
  throw new Error('There are too many redirects.');
}

// Libraries that keep something in `req.session` and redirect: what they keep must be there when the browser comes back.
describeEachDatabase('flows of other libraries', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  describe.each(['our middleware', 'express-session with our store'] as const)('over %s', (kind) => {
    const start = async (configure: (app: Express, address: () => string) => void) => {
      const where = { entity, dataSource: dataSource() };
      let address = '';
      address = await startExpress((app) => {
        app.use(
          kind === 'our middleware'
            ? createSessionMiddleware({ ...where, secret: SECRET })
            : session({ store: createSessionStore(where), secret: SECRET, name: 'sid', resave: false, saveUninitialized: false }),
        );
        app.use(express.urlencoded());
        configure(app, () => address);
      });
      return new Browser(address);
    };

    it('csrf-sync: a form is taken with the token of its own session only', async () => {
      const csrf = csrfSync({ getTokenFromRequest: (req) => (req.body as { token?: string }).token });
      const browser = await start((app) => {
        app.get('/form', (req, res) => void res.json({ token: csrf.generateToken(req) }));
        app.post('/order', csrf.csrfSynchronisedProtection, (_req, res) => void res.json({ isOrdered: true }));
      });
      const order = (who: Browser, token: string) => who.post('/order', { body: new URLSearchParams({ token }) });
      const { token } = await browser.json<{ token: string }>('/form');
      expect((await order(browser, token)).status).toBe(200);
      const other = new Browser(browser.address);
      await other.json('/form');
      expect((await order(other, token)).status).toBe(403);
      expect((await order(browser, 'guessed')).status).toBe(403);
    });

    it('connect-flash: a message survives one redirect, and is shown once', async () => {
      const browser = await start((app) => {
        app.use(flash());
        app.post('/order', (req, res) => {
          req.flash('info', 'Your order is on its way.');
          res.redirect('/orders');
        });
        app.get('/orders', (req, res) => void res.json(req.flash('info')));
      });
      for (let round = 0; round < 5; round++) {
        await (await browser.post('/order')).text();
        await expect(browser.json('/orders')).resolves.toEqual(['Your order is on its way.']);
        await expect(browser.json('/orders')).resolves.toEqual([]);
      }
    });

    it('grant: signs in with OAuth 2, and refuses an answer with the state of somebody else', async () => {
      const provider = await startProvider();
      const browser = await start((app, address) => {
        app.use((req, res, next) => {
          const config = {
            defaults: { origin: address(), transport: 'session', state: true },
            ada: {
              oauth: 2,
              authorize_url: `${provider}/authorize`,
              access_url: `${provider}/token`,
              key: CLIENT_ID,
              secret: 'a secret',
              callback: '/done',
              response: ['tokens'],
            },
          };
          expressGrant(config)(req, res, next);
        });
        app.get('/done', (req, res) => void res.json(kept(req).grant?.response));
      });
      await expect((await follow(browser, '/connect/ada')).json()).resolves.toMatchObject({ access_token: 'a token' });
      const away = new Browser(browser.address);
      await away.get('/connect/ada');
      const answer = await follow(away, '/connect/ada/callback?code=stolen&state=guessed');
      await expect(answer.json()).resolves.toMatchObject({ error: expect.anything() as unknown });
    });

    it('openid-client: signs in with state, nonce and PKCE from the session', async () => {
      const provider = await startProvider();
      const options = { execute: [client.allowInsecureRequests] };
      const config = await client.discovery(new URL(provider), CLIENT_ID, undefined, client.None(), options);
      const browser = await start((app, address) => {
        app.get('/login', async (req, res) => {
          const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
          kept(req).oidc = { state, nonce, verifier };
          const challenge = await client.calculatePKCECodeChallenge(verifier);
          const url = client.buildAuthorizationUrl(config, {
            redirect_uri: `${address()}/callback`,
            scope: 'openid',
            state,
            nonce,
            code_challenge: challenge,
            code_challenge_method: 'S256',
          });
          res.redirect(url.href);
        });
        app.get('/callback', async (req, res) => {
          const { state, nonce, verifier } = kept(req).oidc!;
          const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier };
          const tokens = await client.authorizationCodeGrant(config, new URL(address() + req.originalUrl), checks);
          await new Promise<void>((resolve, reject) => {
            req.session.regenerate((error?: Error) => (error ? reject(error) : resolve()));
          });
          kept(req).userId = tokens.claims()!.sub;
          res.redirect('/me');
        });
        app.get('/me', (req, res) => void res.json({ user: kept(req).userId ?? null }));
      });
      const answer = await follow(browser, '/login');
      expect(await answer.text()).toBe('{"user":"ada"}');
      expect(new Set(browser.ids).size).toBe(2);
      await expect(browser.json('/me')).resolves.toEqual({ user: 'ada' });
    });
  });
});
