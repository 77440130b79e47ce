import { describe, expect, it } from 'vitest';
import { SessionSerializationError, SessionTooLargeError } from '../../lib/session.errors.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession, readValues } from '../support/store-data.js';
import { useStores } from '../support/store-fixture.js';

const circular: Record<string, unknown> = { of: 'itself' };
circular.self = circular;

describeEachDatabase('session data that cannot be stored', (database) => {
  const { open, rows, rowOf, statementsOf } = useStores(database, { dataType: database.name === 'mariadb' ? 'mediumtext' : 'text' });

  it('S40: is refused from one byte over maxDataBytes, before any SQL, and the row stays', async () => {
    const plain = dataOf({ text: '' });
    await open().set('a', plain);
    const empty = Buffer.byteLength((await rowOf('a'))!.data);
    const store = open({ maxDataBytes: empty + 100 });
    // Counted in bytes: each of these letters has two.
    await store.set('a', dataOf({ text: 'ü'.repeat(50) }));
    expect(await readValues(store, 'a')).toEqual({ text: 'ü'.repeat(50) });
    const before = await rowOf('a');

    const failed = store.set('a', dataOf({ text: 'ü'.repeat(50) + 'x' }));
    await expect(failed).rejects.toBeInstanceOf(SessionTooLargeError);
    await expect(failed).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE', status: 413, expose: true });
    expect(await rowOf('a')).toEqual(before);

    const session = await loadSession(store, 'a');
    session.text = 'x'.repeat(200);
    const cost = await statementsOf(() => expect(session.save()).rejects.toThrow(/maxDataBytes/));
    expect(cost).toBe(0);
    expect(await rowOf('a')).toEqual(before);
  });

  it('is refused over 1 MiB by default', async () => {
    const store = open();
    await store.set('a', dataOf({ text: 'x'.repeat(1_000_000) }));
    await expect(store.set('a', dataOf({ text: 'x'.repeat(1_048_576) }))).rejects.toBeInstanceOf(SessionTooLargeError);
    expect((await readValues(store, 'a'))?.text).toHaveLength(1_000_000);
  });

  it.each([
    ['a circle', { circular }],
    ['a BigInt', { big: 1n }],
    [
      'a toJSON that throws',
      {
        value: {
          toJSON: () => {
            throw new Error('not now');
          },
        },
      },
    ],
    ['the reserved key handle', { handle: 'mine' }],
    ['the reserved key rotate', { rotate: true }],
  ])('is refused where it holds %s, before any SQL', async (_, values) => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const before = await rowOf('a');
    for (const write of [() => store.set('a', dataOf(values)), () => store.set('b', dataOf(values))]) {
      const cost = await statementsOf(() => expect(write()).rejects.toBeInstanceOf(SessionSerializationError));
      expect(cost).toBe(0);
    }
    expect(await rows()).toEqual([before]);
  });

  it('is refused from a live session, too', async () => {
    const store = open();
    const session = newSession(store, 'a', { circular });
    await expect(session.save()).rejects.toBeInstanceOf(SessionSerializationError);
    expect(await rows()).toEqual([]);
    delete session.circular;
    await session.save();
    expect(await rows()).toHaveLength(1);
  });

  it('such as a key `handle` on a live session cannot even be set', () => {
    const session = newSession(open(), 'a');
    expect(() => Object.assign(session, { handle: 'mine' })).toThrow(SessionSerializationError);
  });

  it('a user id that its column cannot hold is too large, and nothing is stored', async () => {
    const store = open();
    await store.set('a', dataOf({ userId: 'u'.repeat(255) }));
    await expect(store.set('b', dataOf({ userId: 'u'.repeat(256) }))).rejects.toBeInstanceOf(SessionTooLargeError);
    expect(await rows()).toHaveLength(1);
  });
});

describeEachDatabase('the data column', (database) => {
  const { open } = useStores(database);

  describe('of type text', () => {
    it('is never cut: what it cannot hold is refused', async () => {
      const store = open();
      await store.set('a', dataOf({ text: 'kept' }));
      const text = 'x'.repeat(65_535);
      const written = store.set('a', dataOf({ text }));
      // Elsewhere `text` has no limit of its own.
      if (database.name === 'mariadb') await expect(written).rejects.toBeInstanceOf(SessionTooLargeError);
      else await written;
      expect(await readValues(store, 'a')).toEqual({ text: database.name === 'mariadb' ? 'kept' : text });
    });

    it('takes any character', async () => {
      const store = open();
      const text = 'ü € 🍪 \u0000 \ud800 \u2028 \\ \' " ` % ?';
      await store.set('a', dataOf({ text, [text]: text }));
      expect(await readValues(store, 'a')).toEqual({ text, [text]: text });
    });
  });
});
