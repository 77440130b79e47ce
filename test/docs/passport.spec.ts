import { Controller, Post } from '@nestjs/common';
import { Session, SessionModule } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { Browser } from '../support/browser.js';
import { embedded } from '../support/embedded.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { loadSnippet } from './load-snippet.js';
import { pages, snippetsOf } from './pages.js';

@Controller('cart')
class CartController {
  @Post()
  add(@Session() session: Session) {
    session.views = 1;
  }
}

it('docs/operate/monitoring.md says what the events of Passport carry', async () => {
  const [first] = snippetsOf(pages.find(({ path }) => path === 'docs/integrations/passport.md')!);
  const { AccountModule } = await loadSnippet('passport-events', first!.code);
  const { address, store } = await startApp({
    imports: [SessionModule.forRoot({ secret: SECRET, connection: embedded }), AccountModule!],
    controllers: [CartController],
  });
  const seen: unknown[] = [];
  for (const name of ['signedIn', 'signedOut', 'destroyed'] as const) {
    store.on(name, ({ userId, reason }) => void seen.push([name, userId, reason]));
  }
  const browser = new Browser(address);
  await browser.post('/cart');
  await browser.post('/account/sign-in', { body: new URLSearchParams({ username: 'ada', password: 'lovelace' }) });
  await browser.post('/account/sign-out');
  expect(seen).toEqual([
    ['destroyed', undefined, 'logout'],
    ['signedIn', 'ada', undefined],
    ['signedOut', 'ada', undefined],
    ['destroyed', undefined, 'logout'],
  ]);
});

it('docs/integrations/passport.md signs in, knows who it is, and signs out, by its first example', async () => {
  const [first] = snippetsOf(pages.find(({ path }) => path === 'docs/integrations/passport.md')!);
  const { AccountModule } = await loadSnippet('passport', first!.code);
  const { address } = await startApp({
    imports: [SessionModule.forRoot({ secret: SECRET, connection: embedded }), AccountModule!],
  });
  const browser = new Browser(address);
  const signIn = (password: string) => browser.post('/account/sign-in', { body: new URLSearchParams({ username: 'ada', password }) });

  expect((await signIn('wrong')).status).toBe(401);
  expect(await (await signIn('lovelace')).json()).toEqual({ id: 'ada' });
  expect(await browser.json('/account')).toEqual({ user: { id: 'ada' } });
  expect((await browser.post('/account/sign-out')).status).toBe(204);
  expect(await browser.json('/account')).toEqual({ user: null });
});
