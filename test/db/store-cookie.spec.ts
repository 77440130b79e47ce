import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { describeEachDatabase } from '../support/databases.js';
import { dueAtEnd, dataOf, loadSession, newSession } from '../support/store-data.js';
import { DAY, HOUR, MINUTE, START, useStores } from '../support/store-fixture.js';

describeEachDatabase('the cookie of a session', (database) => {
  const { clock, open, rowOf, alter } = useStores(database);
  const expiryOf = async (sid: string) => Number((await rowOf(sid))?.expiresAt);

  it('with an age of its own is “remember me”: the session lives as long', async () => {
    const store = open();
    await newSession(store, 'a', { views: 1 }, 7 * DAY).save();
    await newSession(store, 'b', { views: 1 }).save();
    expect([await expiryOf('a'), await expiryOf('b')]).toEqual([START + 7 * DAY, START + DAY]);
    clock.now = START + 7 * DAY - 1;
    expect(await store.get('a')).toBeDefined();
    expect(await store.get('b')).toBeUndefined();
  });

  it('may have its end as a Date of another set of built-in classes, as test runners give some', async () => {
    const store = open();
    const expires: unknown = runInNewContext(`new Date(${START + HOUR})`);
    await store.set('a', dataOf({ views: 1 }, { expires }));
    expect(await expiryOf('a')).toBe(START + HOUR);
  });

  it('that gets an age during a request is “remember me” from then on', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const session = await loadSession(store, 'a');
    session.cookie.maxAge = 7 * DAY;
    expect(await dueAtEnd(store, session)).toBe('save');
    await session.save();
    // The setter of express-session's cookie asks the clock twice, and may lose a moment.
    expect(START + 7 * DAY - (await expiryOf('a'))).toBeLessThan(MINUTE);
    clock.now = START + 2 * DAY;
    const again = await loadSession(store, 'a');
    await store.touch('a', again as never);
    expect(START + 9 * DAY - (await expiryOf('a'))).toBeLessThan(MINUTE);
  });

  it('without an age stays a cookie of the browser’s session, while its row has an end', async () => {
    const store = open();
    const session = newSession(store, 'a', { views: 1 });
    await session.save();
    for (const cookie of [(await store.get('a'))?.cookie, (await loadSession(store, 'a')).cookie]) {
      expect(cookie?.expires ?? null).toBeNull();
      expect(cookie?.originalMaxAge ?? null).toBeNull();
    }
    expect((await loadSession(store, 'a')).cookie.maxAge ?? null).toBeNull();
    expect(await expiryOf('a')).toBe(START + DAY);
  });

  it('ends with the row after a load, whatever the stored text says', async () => {
    const store = open();
    await newSession(store, 'a', { views: 1 }, HOUR).save();
    clock.now = START + 30 * MINUTE;
    await store.touch('a', (await loadSession(store, 'a')) as never);
    const { cookie } = await loadSession(store, 'a');
    expect(cookie.expires).toEqual(new Date(START + 30 * MINUTE + HOUR));
    expect(cookie.originalMaxAge).toBe(HOUR);
    expect((await store.get('a'))?.cookie.expires).toEqual(new Date(START + 30 * MINUTE + HOUR));
  });

  it('ends with the row, also where the idle timeout differs from its age', async () => {
    const store = open({ idleTimeout: '10m' });
    await newSession(store, 'a', { views: 1 }, HOUR).save();
    const { cookie } = await loadSession(store, 'a');
    expect(cookie.expires).toEqual(new Date(START + 10 * MINUTE));
    expect(cookie.originalMaxAge).toBe(HOUR);
  });

  it('comes back as a Cookie with all its attributes', async () => {
    const store = open();
    const attributes = { path: '/app', domain: 'example.org', secure: true, httpOnly: false, sameSite: 'strict' };
    const modern = { partitioned: true, priority: 'high' };
    await store.set('a', dataOf({}, { ...attributes, ...modern, originalMaxAge: HOUR, expires: new Date(START + HOUR) }));
    const { cookie } = await loadSession(store, 'a');
    expect(cookie).toMatchObject({ ...attributes, ...modern });
    expect((cookie as unknown as { data: object }).data).toMatchObject({ ...attributes, ...modern, originalMaxAge: HOUR });
  });

  it.each([
    ['sameSite', 'none'],
    ['secure', true],
    ['domain', 'example.org'],
    ['path', '/app'],
    ['httpOnly', false],
    ['priority', 'high'],
    ['partitioned', true],
    ['originalMaxAge', HOUR],
  ])('counts as changed by its %s', async (name, value) => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const session = await loadSession(store, 'a');
    Object.assign(session.cookie, { [name]: value });
    expect(await dueAtEnd(store, session)).toBe('save');
  });

  it('does not count as changed by its moving end', async () => {
    const store = open();
    await newSession(store, 'a', { views: 1 }, HOUR).save();
    const session = await loadSession(store, 'a');
    session.cookie.expires = new Date(START + 5 * HOUR);
    session.cookie.originalMaxAge = HOUR;
    expect(await dueAtEnd(store, session)).toBe('nothing');
    session.touch();
    expect(await dueAtEnd(store, session)).toBe('nothing');
  });

  it.each(['{"views":1}', '{"views":1,"cookie":null}', '{"views":1,"cookie":"x"}', '{"views":1,"cookie":5}'])(
    'is the default one where the stored text has no proper cookie: %s',
    async (data) => {
      const store = open({ cookie: { sameSite: 'strict', path: '/app' } });
      await store.set('a', dataOf());
      await alter('a', { data });
      const session = await loadSession(store, 'a');
      expect(session.views).toBe(1);
      expect(session.cookie).toMatchObject({ httpOnly: true, sameSite: 'strict', path: '/app', originalMaxAge: null });
      await Object.assign(session, { views: 2 }).save();
      expect((await loadSession(store, 'a')).views).toBe(2);
    },
  );

  it('is one that can be sent where the options leave `secure` and `sameSite` to the connection', async () => {
    const store = open({ cookie: { secure: 'auto', sameSite: 'auto' } });
    await store.set('a', dataOf());
    await alter('a', { data: '{"views":1}' });
    expect((await loadSession(store, 'a')).cookie).toMatchObject({ secure: false, sameSite: 'lax' });
  });

  it.each([
    ['domain', 'example.org\r\nSet-Cookie: a=b'],
    ['domain', 'example.org; Path=/'],
    ['domain', { toString: 'x' }],
    ['path', '/\r\nX: y'],
    ['path', '/; Domain=example.org'],
    ['path', ['/']],
    ['path', '/\u2028'],
    ['sameSite', {}],
    ['sameSite', 'sideways'],
    ['priority', 'urgent'],
    ['priority', 7],
    ['httpOnly', 'yes'],
    ['secure', {}],
    ['partitioned', 1],
    ['originalMaxAge', 1e300],
    ['originalMaxAge', -1e300],
    ['originalMaxAge', '60000'],
    ['expires', 'tomorrow'],
    ['expires', 1e300],
  ])('leaves out a stored %s that cannot be sent: %j', async (name, value) => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    await alter('a', { data: JSON.stringify(dataOf({ views: 1 }, { [name]: value })) });
    const session = await loadSession(store, 'a');
    session.touch();
    const { cookie } = session as unknown as { cookie: { data: Record<string, unknown>; serialize(name: string, value: string): string } };
    expect(cookie.serialize('sid', 'x')).toBe('sid=x; Path=/; HttpOnly');
    await Object.assign(session, { views: 2 }).save();
    expect(JSON.parse(String((await rowOf('a'))?.data)).cookie[name]).not.toEqual(value);
  });

  it.each([
    ['path', null],
    ['domain', '.example.org'],
    ['sameSite', 'Lax'],
    ['sameSite', true],
    ['priority', 'High'],
  ])('keeps a stored %s that can be sent: %j', async (name, value) => {
    const store = open();
    await store.set('a', dataOf({}, { [name]: value }));
    expect((await loadSession(store, 'a')).cookie).toMatchObject({ [name]: value });
  });
});
