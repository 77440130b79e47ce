import { get, type IncomingMessage } from 'node:http';
import { defineSessionEntity, SessionModule } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { describeEachAdapterInBrief } from '../support/adapters.js';
import { AnswersController } from '../support/answers.controller.js';
import { answersOn, AT_ONCE, bodyOf, nameOf, STREAMED, type Answer } from '../support/answers.js';
import { Browser, setCookies } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { holdWrites } from '../support/held-store.js';
import { startApp } from '../support/nest-app.js';

const named = (answers: readonly Answer[]) => answers.map((answer) => [nameOf(answer), answer] as const);

describeEachAdapterInBrief('an answer', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  async function start() {
    const module = SessionModule.forRoot({ secret: 'secret', entity, dataSource: dataSource() });
    const { address, store } = await startApp({ imports: [module], controllers: [AnswersController] }, undefined, adapter);
    return { store, browser: new Browser(address) };
  }

  function expectHeaders(response: Response, { headers = {} }: Answer) {
    for (const [name, value] of Object.entries(headers)) expect([name, response.headers.get(name)]).toEqual([name, value]);
  }

  it.each(named(answersOn(adapter, [...AT_ONCE, ...STREAMED])))('has no head before its session is stored: %s', async (_, expected) => {
    const { browser, store } = await start();
    const held = holdWrites(store);
    let hasHead = false;
    const pending = browser.get(expected.path, expected.init ?? {}).finally(() => (hasHead = true));
    await held.barrier.reached;
    expect(held.isHeadGone).toBe(false);
    // Another answer, asked for later, is here: this one does not merely take its time.
    await expect(new Browser(browser.address).get('/ping')).resolves.toHaveProperty('status', 200);
    expect(hasHead).toBe(false);
    held.barrier.open();

    const response = await pending;
    expect(response.status).toBe(expected.status);
    expectHeaders(response, expected);
    expect(setCookies(response)).toEqual([expect.stringMatching(/^sid=s%3A/)]);
    await expect(store.get(browser.id!)).resolves.toMatchObject({ theme: 'dark' });
    await expect(bodyOf(response)).resolves.toBe(expected.body);
  });

  it.each(named(answersOn(adapter, [...AT_ONCE, ...STREAMED])))(
    'is the same, without a new cookie, for a session that is there: %s',
    async (_, expected) => {
      const { browser, store } = await start();
      await browser.get('/text');
      let writes = 0;
      const set = store.set.bind(store);
      store.set = ((...args: Parameters<typeof set>) => {
        writes++;
        return set(...args);
      }) as typeof store.set;
      const response = await browser.get(expected.path, expected.init ?? {});
      expect(response.status).toBe(expected.status);
      expectHeaders(response, expected);
      expect(setCookies(response)).toEqual([]);
      await expect(bodyOf(response)).resolves.toBe(expected.body);
      // It was changed to what it was.
      expect(writes).toBe(0);
    },
  );

  it('keeps the names of its headers as they were written', async () => {
    const { browser } = await start();
    const response = await new Promise<IncomingMessage>((resolve, reject) => get(`${browser.address}/text`, resolve).on('error', reject));
    response.resume();
    const names = response.rawHeaders.filter((_, index) => index % 2 === 0);
    expect(names).toEqual(
      expect.arrayContaining(
        adapter === 'Fastify' ? ['content-type', 'content-length', 'Set-Cookie'] : ['Content-Type', 'Content-Length', 'ETag', 'Set-Cookie'],
      ),
    );
  });
});
