import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionModule } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.js';
import { embedded } from '../support/embedded.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { loadSnippet } from './load-snippet.js';
import { readme, snippetsOf } from './pages.js';

/** How many examples have been loaded: a file is not loaded twice. */
let loaded = 0;

describe('README.md', () => {
  const lines = readme.text.trimEnd().split('\n');

  it('has at most 150 lines of at most 120 characters', () => {
    expect(lines.length).toBeLessThanOrEqual(150);
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });

  it('has links that work wherever it is shown', () => {
    const targets = Array.from(
      readme.text.matchAll(/\]\((?<inline>[^)]+)\)|^\[[\w-]+\]: (?<named>\S+)$/gm),
      ({ groups }) => groups!['inline'] ?? groups!['named']!,
    );
    expect(targets.length).toBeGreaterThan(10);
    expect(targets.filter((target) => !target.startsWith('https://'))).toEqual([]);
  });

  it('defines every link that it uses', () => {
    const defined = new Set(Array.from(readme.text.matchAll(/^\[([\w-]+)\]: /gm), ([, name = '']) => name));
    const used = new Set(Array.from(readme.text.matchAll(/\]\[([\w-]+)\]/g), ([, name = '']) => name));
    expect([...used].toSorted()).toEqual([...defined].toSorted());
  });

  it('counts the views of a session, by its first example', async () => {
    const { address } = await start(0);
    const browser = new Browser(address);
    expect([await browser.json('/views'), await browser.json('/views')]).toEqual([{ views: 1 }, { views: 2 }]);
  });

  it('needs no `TypeOrmModule` with a `connection` of its own, as it says', async () => {
    const { address } = await start(0, (code) =>
      code
        .replace(/^ +TypeOrmModule\.forRoot\(\{.*?^ +\}\),\n/ms, '')
        .replace('process.env.SESSION_SECRET', `$&, connection: ${JSON.stringify(embedded)}`),
    );
    const browser = new Browser(address);
    expect([await browser.json('/views'), await browser.json('/views')]).toEqual([{ views: 1 }, { views: 2 }]);
  });

  it('signs in, lists devices and keeps a cart, by its second example', async () => {
    const { address } = await start(1);
    const post = (browser: Browser, path: string, body = {}) =>
      browser.json(path, { method: 'POST', body: new URLSearchParams(body) }).catch(String);
    const ada = new Browser(address);
    const phone = new Browser(address);
    await post(ada, '/account/cart', { item: 'mug' });
    const wrong = ['', 'name=', 'name[]=ada'].map((body) => ada.post('/account/sign-in', { body: new URLSearchParams(body) }));
    expect((await Promise.all(wrong)).map(({ status }) => status)).toEqual([400, 400, 400]);
    await post(ada, '/account/sign-in', { name: 'ada' });
    await post(phone, '/account/sign-in', { name: 'ada' });
    expect(await post(ada, '/account/cart', { item: 'pen' })).toEqual(['mug', 'pen']);
    const devices = await ada.json<{ handle: string }[]>('/account/devices');
    expect(devices).toHaveLength(2);
    const ended = await Promise.all(devices.slice(0, 1).map(({ handle }) => ada.json(`/account/devices/${handle}`, { method: 'DELETE' })));
    expect(ended).toEqual([{ ended: true }]);
    expect(await ada.json('/account/devices')).toHaveLength(1);
    await post(ada, '/account/sign-out');
    expect(await ada.json('/account/devices')).toEqual([]);
  });
});

/** An example of the README as an application, with the database and the secret of a test. */
async function start(index: number, change = (code: string) => code) {
  const code = change(snippetsOf(readme)[index]!.code)
    .replace(/type: 'postgres',\s+url: process\.env\.DATABASE_URL/, `...${JSON.stringify(embedded)}`)
    .replace('process.env.SESSION_SECRET', JSON.stringify(SECRET))
    .replace('void bootstrap();', '');
  const example = await loadSnippet(`readme-${++loaded}`, code);
  if (example['AppModule']) return startApp(example['AppModule']);
  const imports = [
    TypeOrmModule.forRoot({ ...embedded, autoLoadEntities: true, synchronize: true }),
    SessionModule.forRoot({ secret: SECRET }),
  ];
  return startApp({ imports, controllers: Object.values(example) });
}
