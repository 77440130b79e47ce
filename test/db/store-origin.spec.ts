import { describe, expect, it } from 'vitest';
import { SessionConflictError, SessionInterruptedError } from '../../lib/session.errors.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession, readValues } from '../support/store-data.js';
import { DAY, HOUR, kindsOf, MINUTE, START, useStores } from '../support/store-fixture.js';

describeEachDatabase('where a session comes from', (database) => {
  const { clock, statements, open, rows, rowOf, alter } = useStores(database);

  describe('a session made in this request', () => {
    it('is inserted by its first save, updated by its second', async () => {
      const store = open();
      const session = newSession(store, 'a', { views: 1 });
      await session.save();
      expect(kindsOf(statements)).toEqual(['INSERT']);
      expect(await rowOf('a')).toMatchObject({ version: 1, handle: session.handle });
      statements.length = 0;
      session.views = 2;
      await session.save();
      expect(kindsOf(statements)).toEqual(['UPDATE']);
      expect(await rowOf('a')).toMatchObject({ version: 2, handle: session.handle });
      expect(await readValues(store, 'a')).toEqual({ views: 2 });
    });

    it('never replaces a row that has its id already', async () => {
      const store = open();
      await store.set('a', dataOf({ owner: 'somebody' }));
      const session = newSession(store, 'a', { owner: 'me' });
      await expect(session.save()).rejects.toBeInstanceOf(SessionConflictError);
      expect(await readValues(store, 'a')).toEqual({ owner: 'somebody' });
    });

    it('costs nothing to touch or destroy before it has a row', async () => {
      const store = open();
      const session = newSession(store, 'a', { views: 1 });
      await store.touch('a', session as never);
      await session.destroy();
      expect(statements).toEqual([]);
      expect(session.handle).toBeUndefined();
    });

    it('stays away when it was destroyed before its save', async () => {
      const store = open();
      const session = newSession(store, 'a', { views: 1 });
      await session.destroy();
      await expect(session.save()).rejects.toBeInstanceOf(SessionInterruptedError);
      expect(await rows()).toEqual([]);
    });
  });

  describe('a session that was loaded', () => {
    it('is only ever updated', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const session = await loadSession(store, 'a');
      statements.length = 0;
      session.views = 2;
      await session.save();
      expect(kindsOf(statements)).toEqual(['UPDATE']);
      expect(await readValues(store, 'a')).toEqual({ views: 2 });
    });

    it('does not come back by save when another request ended it', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const session = await loadSession(store, 'a');
      await open().destroy('a');
      session.views = 2;
      await expect(session.save()).rejects.toBeInstanceOf(SessionInterruptedError);
      expect(await rows()).toEqual([]);
      await expect(session.save()).rejects.toMatchObject({ code: 'SESSION_INTERRUPTED', status: 409 });
      expect(await rows()).toEqual([]);
    });

    it('does not come back by touch when another request ended it', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const session = await loadSession(store, 'a');
      await open().destroy('a');
      clock.now += HOUR;
      await store.touch('a', session as never);
      await store.touch('a', dataOf());
      expect(await rows()).toEqual([]);
    });

    it('does not come back when all sessions were cleared', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const session = await loadSession(store, 'a');
      await open().clear();
      session.views = 2;
      await expect(session.save()).rejects.toBeInstanceOf(SessionInterruptedError);
      expect(await rows()).toEqual([]);
    });

    it('does not come back when its expired row was pruned', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const session = await loadSession(store, 'a');
      clock.now += DAY + HOUR;
      expect(await store.prune()).toBe(1);
      session.views = 2;
      await expect(session.save()).rejects.toBeInstanceOf(SessionInterruptedError);
      expect(await rows()).toEqual([]);
    });

    it('is saved and lives on where only its time ran out meanwhile', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const session = await loadSession(store, 'a');
      clock.now += DAY + MINUTE;
      session.views = 2;
      await session.save();
      expect(await readValues(store, 'a')).toEqual({ views: 2 });
    });

    it('is not saved back to life past its absolute end', async () => {
      const store = open({ absoluteTimeout: '2d' });
      await store.set('a', dataOf({ views: 1 }));
      clock.now = START + DAY - 1;
      const session = await loadSession(store, 'a');
      clock.now = START + 2 * DAY;
      session.views = 2;
      await session.save();
      expect(await store.get('a')).toBeUndefined();
    });
  });

  describe('data that get handed out', () => {
    it('is checked by version when it is set again', async () => {
      const store = open({ overlap: 'fail' });
      await store.set('a', dataOf({ views: 1 }));
      const data = (await store.get('a'))!;
      await open().set('a', dataOf({ views: 5 }));
      await expect(store.set('a', Object.assign(data, { views: 2 }))).rejects.toBeInstanceOf(SessionConflictError);
      expect(await readValues(store, 'a')).toEqual({ views: 5 });
    });

    it('does not bring back a row that was removed between get and set', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const data = (await store.get('a'))!;
      await open().destroy('a');
      await expect(store.set('a', data)).rejects.toBeInstanceOf(SessionInterruptedError);
      expect(await rows()).toEqual([]);
    });

    it('is of unknown origin under another id', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const data = (await store.get('a'))!;
      statements.length = 0;
      await store.set('b', data);
      expect(statements).toHaveLength(1);
      expect(kindsOf(statements)).toEqual(['INSERT']);
      expect(await readValues(store, 'b')).toEqual({ views: 1 });
      await store.destroy('a');
      await store.set('b', data);
      expect(await readValues(store, 'b')).toEqual({ views: 1 });
      expect(await store.get('a')).toBeUndefined();
    });
  });

  it('a row whose version was raised past every store is an overlap, not a loss', async () => {
    const store = open({ overlap: 'fail' });
    await store.set('a', dataOf({ views: 1 }));
    const session = await loadSession(store, 'a');
    await alter('a', { version: 9 });
    session.views = 2;
    await expect(session.save()).rejects.toBeInstanceOf(SessionConflictError);
  });
});
