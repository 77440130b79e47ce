import { runInNewContext } from 'node:vm';
import type { EntitySchema } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { SessionEntityError } from '../../lib/session.errors.js';
import { describeEachDatabase } from '../support/databases.js';
import { entityWithOwnColumns } from '../support/own-columns.js';
import { newSession } from '../support/store-data.js';
import { listen } from '../support/store-events.js';
import { entityOf, SECOND, START, useStores } from '../support/store-fixture.js';

describeEachDatabase('revokeBy', (database) => {
  const { clock, open, rows, alter, statementsOf } = useStores(database, entityWithOwnColumns(database) as EntitySchema);

  /** Stores a session with this value in the column, and the same as its id. */
  const store = async (column: string, ...values: (string | number)[]) => {
    const sessions = open();
    for (const value of values) {
      clock.now += SECOND;
      await newSession(sessions, `id of ${value}`, { userId: 'ann', ...(column === 'idpSid' && { idpSid: value }) }).save();
      if (column !== 'idpSid') await alter(`id of ${value}`, { [column]: value });
    }
    return sessions;
  };
  const left = async (column: string) => (await rows()).map((row) => row[column]).toSorted((a, b) => (String(a) < String(b) ? -1 : 1));

  it.each(['idpSid', 'tenant'])('ends the sessions with exactly this value in the column %s', async (column) => {
    const sessions = await store(column, 'acme', 'Acme', 'acme ', 'other');
    const { told } = listen(sessions);
    expect(await sessions.revokeBy({ [column]: 'acme' })).toBe(1);
    expect(await left(column)).toEqual(['Acme', 'acme ', 'other']);
    expect(told).toEqual([['destroyed', expect.objectContaining({ userId: 'ann', reason: 'revoked' })]]);
    expect(await sessions.revokeBy({ [column]: 'nobody’s' })).toBe(0);
    expect(await sessions.revokeBy({ [column]: '%' })).toBe(0);
  });

  it('takes a number, or its digits, for a column of numbers', async () => {
    const sessions = await store('shop', 7, 8, 9);
    expect(await sessions.revokeBy({ shop: 7 })).toBe(1);
    expect(await sessions.revokeBy({ shop: '8' })).toBe(1);
    expect(await sessions.revokeBy({ shop: 'x' })).toBe(0);
    expect(await left('shop')).toEqual([9]);
  });

  it('with `before` ends only what is older', async () => {
    const sessions = await store('tenant', 'a', 'b');
    for (const id of ['id of a', 'id of b']) await alter(id, { tenant: 'acme' });
    expect(await sessions.revokeBy({ tenant: 'acme' }, { before: runInNewContext(`new Date(${START + SECOND})`) as Date })).toBe(0);
    expect(await sessions.revokeBy({ tenant: 'acme' }, { before: new Date(START + 2 * SECOND) })).toBe(1);
    expect(await sessions.get('id of a')).toBeUndefined();
    expect(await sessions.get('id of b')).toBeDefined();
  });

  it('follows what a later save puts into the session, where the database fills the column', async () => {
    const sessions = open();
    const session = newSession(sessions, 'a', { userId: 'ann' });
    await session.save();
    expect(await left('idpSid')).toEqual([null]);
    await Object.assign(session, { idpSid: 'of the provider' }).save();
    expect(await left('idpSid')).toEqual(['of the provider']);
    expect(await sessions.revokeBy({ idpSid: 'of the provider' })).toBe(1);
  });

  it('costs one SELECT and one DELETE', async () => {
    const sessions = await store('tenant', 'acme');
    expect(await statementsOf(() => sessions.revokeBy({ tenant: 'acme' }))).toBe(2);
  });

  describe('refuses, and ends nothing:', () => {
    it.each([
      [{ note: 'x' }, 'has no index'],
      [{ nothing: 'x' }, 'has no column property "nothing". Its own columns are: idpSid, tenant, shop, note.'],
      [{ userId: 'ann' }, 'holds the userId of a session'],
      [{ id: 'x' }, 'holds the id of a session'],
      [{ __proto__: 'x', constructor: 'x' }, 'has no column property "constructor"'],
    ])('%j', async (column, message) => {
      const sessions = await store('tenant', 'x');
      const revoked = sessions.revokeBy(column);
      await expect(revoked).rejects.toThrow(message);
      await expect(revoked).rejects.toThrow(SessionEntityError);
      expect(await rows()).toHaveLength(1);
    });

    it.each([
      undefined,
      null,
      {},
      'x',
      [['x']],
      { tenant: undefined },
      { tenant: null },
      { tenant: '' },
      { tenant: NaN },
      { tenant: true },
      { tenant: ['x'] },
      { tenant: { toString: () => 'x' } },
      { tenant: 'x', idpSid: 'x' },
    ])('%j', async (column) => {
      const sessions = await store('tenant', 'x');
      await expect(sessions.revokeBy(column as never)).rejects.toThrow(TypeError);
      expect(await rows()).toHaveLength(1);
    });

    it.each([0, '2030-01-01', new Date(NaN), null])('before %s', async (before) => {
      const sessions = await store('tenant', 'x');
      await expect(sessions.revokeBy({ tenant: 'x' }, { before: before as Date })).rejects.toThrow('must be a valid Date');
      expect(await rows()).toHaveLength(1);
    });
  });
});

describeEachDatabase('revokeBy, where the entity has no column of its own,', (database) => {
  const { open } = useStores(database, entityOf('id', 'data', 'userId'));

  it('says what to add', async () => {
    await expect(open().revokeBy({ tenant: 'x' })).rejects.toThrow('Add the column, with an index, in a subclass of `SessionEntity`.');
  });
});
