import { Body, Controller, Get, Post } from '@nestjs/common';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { Session, SessionModule } from 'nestjs-typeorm-session';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EntitySchema } from 'typeorm';
import { beforeAll, expect, it } from 'vitest';
import { root } from '../package/library.js';
import { describeEachAdapterInBrief } from '../support/adapters.js';
import { BackChannelLogoutController, IDENTITY_PROVIDER } from '../support/back-channel-logout.controller.js';
import { Browser } from '../support/browser.js';
import { useDataSource } from '../support/databases.js';
import { startApp } from '../support/nest-app.js';
import { entityWithOwnColumns } from '../support/own-columns.js';
import { SECRET } from '../support/secret.js';

const ISSUER = 'https://identity.example';
const CLIENT = 'the application';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

@Controller()
class AccountController {
  /** Stands for the callback of the provider, which has checked the ID token. */
  @Post('callback')
  signIn(@Session() session: Session, @Body() { sub, sid }: { sub: string; sid?: string }) {
    Object.assign(session, { userId: sub, ...(sid && { idpSid: sid }) });
  }

  @Get('me')
  me(@Session('userId') userId: string | undefined) {
    return { user: userId ?? null };
  }
}

let key: CryptoKey;
let foreignKey: CryptoKey;
let keys: ReturnType<typeof createLocalJWKSet>;

beforeAll(async () => {
  const pair = await generateKeyPair('ES256');
  key = pair.privateKey;
  foreignKey = (await generateKeyPair('ES256')).privateKey;
  keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }] });
});

type Claims = Record<string, unknown>;

const now = () => Math.floor(Date.now() / 1_000);

/** A logout token; a claim of `undefined` is left out. */
function tokenOf(claims: Claims, signer = key): Promise<string> {
  const all = { iss: ISSUER, aud: CLIENT, iat: now(), exp: now() + 120, jti: crypto.randomUUID(), events: { [EVENT]: {} }, ...claims };
  const payload = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'one', typ: 'logout+jwt' }).sign(signer);
}

describeEachAdapterInBrief('a back-channel logout', (database, adapter) => {
  const entity = entityWithOwnColumns(database) as EntitySchema;
  const dataSource = useDataSource(database, [entity]);

  const start = async () => {
    await dataSource().getRepository(entity).clear();
    const imports = [SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource() })];
    const providers = [{ provide: IDENTITY_PROVIDER, useValue: { issuer: ISSUER, clientId: CLIENT, keys } }];
    const { address } = await startApp(
      { imports, providers, controllers: [AccountController, BackChannelLogoutController] },
      undefined,
      adapter,
    );
    const signIn = async (sub: string, sid?: string) => {
      const browser = new Browser(address);
      const response = await browser.post('/callback', {
        body: JSON.stringify({ sub, sid }),
        headers: { 'content-type': 'application/json' },
      });
      expect(response.status).toBe(201);
      return browser;
    };
    const logout = (token: string | undefined) =>
      fetch(`${address}/back-channel-logout`, {
        method: 'POST',
        body: new URLSearchParams(token === undefined ? {} : { logout_token: token }),
      });
    return { signIn, logout };
  };
  const userOf = async (browser: Browser) => (await browser.json<{ user: string | null }>('/me')).user;

  it('S24: ends the sessions of the provider’s session, and no other of the user', async () => {
    const { signIn, logout } = await start();
    const [first, second, other] = [await signIn('ann', 'sid 1'), await signIn('ann', 'sid 1'), await signIn('ann', 'sid 2')];
    const response = await logout(await tokenOf({ sid: 'sid 1', sub: 'ann' }));
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect([await userOf(first), await userOf(second), await userOf(other)]).toEqual([null, null, 'ann']);
  });

  it('without a `sid` ends all of the user, and of nobody else', async () => {
    const { signIn, logout } = await start();
    const [one, two, other] = [await signIn('ann', 'sid 1'), await signIn('ann'), await signIn('bob')];
    expect((await logout(await tokenOf({ sub: 'ann' }))).status).toBe(200);
    expect([await userOf(one), await userOf(two), await userOf(other)]).toEqual([null, null, 'bob']);
  });

  it('does not end a sign-in that is newer than the token', async () => {
    const { signIn, logout } = await start();
    const browser = await signIn('ann', 'sid 1');
    expect((await logout(await tokenOf({ sid: 'sid 1', iat: now() - 60 }))).status).toBe(200);
    expect(await userOf(browser)).toBe('ann');
  });

  it.each<[string, Claims | undefined]>([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['without an issuer', { iss: undefined }],
    ['for another application', { aud: 'another' }],
    ['without an audience', { aud: undefined }],
    ['that is old', { iat: now() - 600, exp: undefined }],
    ['of the future', { iat: now() + 600 }],
    ['without a time', { iat: undefined }],
    ['that has expired', { exp: now() - 60 }],
    ['without an id', { jti: undefined }],
    ['without an event', { events: undefined }],
    ['of another event', { events: { 'http://schemas.openid.net/event/other': {} } }],
    ['with a nonce, as an ID token has', { nonce: 'x' }],
    ['of nobody', { sid: undefined, sub: undefined }],
    ['of another key', undefined],
  ])('refuses a token %s, and ends nothing', async (_, claims) => {
    const { signIn, logout } = await start();
    const browser = await signIn('ann', 'sid 1');
    const token = await tokenOf({ sid: 'sid 1', sub: 'ann', ...claims }, claims ? key : foreignKey);
    expect((await logout(token)).status).toBe(400);
    expect(await userOf(browser)).toBe('ann');
  });

  it.each([undefined, '', 'x.y.z'])('refuses %j, which is no token', async (token) => {
    const { logout } = await start();
    expect((await logout(token)).status).toBe(400);
  });
});

it('docs/guides/back-channel-logout.md shows the code that is tested here', () => {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  expect(read('docs/guides/back-channel-logout.md')).toContain(read('test/support/back-channel-logout.controller.ts').trim());
});
