import { describe, expect, it } from 'vitest';
import { SessionSerializationError } from '../../lib/session.errors.js';
import { Cookie } from '../../lib/store/express-session.js';
import type { SessionEvent } from '../../lib/store/runtime/events.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, readValues, valuesOf } from '../support/store-data.js';
import { useStores } from '../support/store-fixture.js';

// The payload's mark is letters that no hexadecimal handle has: digits once met in one by chance.
const BROKEN: readonly string[] = [
  '{"views":1,"card":"VISA',
  '',
  'card VISA',
  '[]',
  '["card VISA"]',
  'null',
  '5',
  '"card VISA"',
  'true',
  `{"a":${'['.repeat(20_000)}"VISA"${']'.repeat(20_000)}}`,
];

describeEachDatabase('stored data that cannot be decoded', (database) => {
  const { warnings, open, alter, rowOf, rows } = useStores(database);

  describe.each(BROKEN.map((data) => [data.slice(0, 40), data] as const))('%s', (_, data) => {
    const withBroken = async (options: Parameters<typeof open>[0] = {}) => {
      const store = open(options);
      const events: SessionEvent[] = [];
      store.on('undecodable', (event) => void events.push(event));
      await store.set('a', dataOf({ userId: 'ann' }));
      await alter('a', { data });
      return { store, events };
    };

    it('S36: is no session, one event and one line without the payload', async () => {
      const { store, events } = await withBroken();
      expect(await store.get('a')).toBeUndefined();
      expect(events).toEqual([{ handle: (await rowOf('a'))?.handle, userId: 'ann', at: expect.any(Date) }]);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain('json');
      expect(warnings[0]).not.toContain('VISA');
      expect(JSON.stringify(events)).not.toContain('VISA');
    });

    it('fails the read with onUndecodable: ‘error’', async () => {
      const { store, events } = await withBroken({ onUndecodable: 'error' });
      const error: unknown = await store.get('a').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SessionSerializationError);
      expect(error).toMatchObject({ code: 'SESSION_SERIALIZATION', status: 500, expose: false });
      expect(String((error as Error).stack)).not.toContain('VISA');
      expect(events).toHaveLength(1);
    });

    it('is left out of all(), and no other row suffers', async () => {
      const { store, events } = await withBroken();
      await store.set('b', dataOf({ views: 2 }));
      expect((await store.all()).map(valuesOf)).toEqual([{ views: 2 }]);
      expect(await readValues(store, 'b')).toEqual({ views: 2 });
      expect(events).toHaveLength(1);
    });

    it('can be listed, destroyed and replaced', async () => {
      const { store } = await withBroken();
      expect(await store.list()).toHaveLength(1);
      await store.set('a', dataOf({ views: 3 }));
      expect(await readValues(store, 'a')).toEqual({ views: 3 });
      await alter('a', { data });
      await store.destroy('a');
      expect(await rows()).toEqual([]);
    });
  });

  it.each(['expiresAt', 'createdAt', 'lastSeenAt'])('is no session where %s is beyond all dates', async (field) => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    await alter('a', { [field]: 8_640_000_000_000_001 });
    expect(await store.get('a')).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining(field)]);
    await store.destroy('a');
    expect(await rows()).toEqual([]);
  });

  it('is not merged into: the save fails and the row stays', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const session = await loadSession(store, 'a');
    await alter('a', { data: '{"broken', version: 9 });
    await expect(Object.assign(session, { views: 2 }).save()).rejects.toBeInstanceOf(SessionSerializationError);
    expect(await rowOf('a')).toMatchObject({ data: '{"broken', version: 9 });
  });

  describe('a stored __proto__ key', () => {
    it('S38: is harmless', async () => {
      const store = open();
      await store.set('a', dataOf());
      await alter('a', { data: '{"cookie":{},"__proto__":{"isAdmin":true},"constructor":1,"save":1,"id":"x","req":2}' });
      const data = await store.get('a');
      expect((data as unknown as Record<string, unknown>).isAdmin).toBeUndefined();
      const session = await loadSession(store, 'a');
      expect(session.isAdmin).toBeUndefined();
      expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
      expect(session.id).toBe('a');
      expect(session.save).toBeInstanceOf(Function);
      await Object.assign(session, { views: 1 }).save();
      expect(await loadSession(store, 'a')).toMatchObject({ views: 1 });
    });

    it('is harmless inside the cookie, too', async () => {
      const store = open();
      await store.set('a', dataOf());
      await alter('a', { data: '{"cookie":{"path":"/","__proto__":{"secure":1}}}' });
      const { cookie } = await loadSession(store, 'a');
      expect(cookie.secure).toBeUndefined();
      expect(cookie).toBeInstanceOf(Cookie);
      expect((cookie as unknown as { serialize(name: string, value: string): string }).serialize('sid', 'x')).toBe(
        'sid=x; Path=/; HttpOnly',
      );
    });
  });

  it('a stored cookie whose maxAge is no number fails no request', async () => {
    const store = open();
    await store.set('a', dataOf());
    await alter('a', { data: '{"views":1,"cookie":{"path":"/","maxAge":"soon"}}' });
    expect(await loadSession(store, 'a')).toMatchObject({ views: 1 });
  });
});
