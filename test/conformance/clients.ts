import { describe, expect, it } from 'vitest';
import type { ClientChange, SessionTable } from '../../lib/table/session-table.js';
import { newRow, NOW } from '../support/table-rows.js';

const NEW = { ipAddress: '2001:db8::1', userAgent: 'Browser/2.0' };

export function describeClients(table: () => SessionTable): void {
  const read = async (id: string) => (await table().find([id], NOW))[0];
  const change = (id: string, more: Partial<ClientChange> = {}): ClientChange => ({ id, ...NEW, known: {}, ...more });

  describe('setClient', () => {
    it('replaces what is known of the client of a row and changes nothing else', async () => {
      const row = newRow('a', { userId: 'ann', version: 3, ipAddress: '192.0.2.7', userAgent: 'Browser/1.0' });
      const rows = [row, newRow('b')];
      await table().insert(rows);
      expect(await table().setClient(change('a', { known: row }))).toBe('saved');
      expect(await table().find(['a', 'b'], NOW)).toEqual([{ ...row, ...NEW }, rows[1]]);
    });

    it('takes NULL for what is not known', async () => {
      const row = newRow('a', NEW);
      await table().insert([row]);
      expect(await table().setClient(change('a', { ipAddress: null, userAgent: null, known: NEW }))).toBe('saved');
      expect(await read('a')).toEqual({ ...row, ipAddress: null, userAgent: null });
    });

    it('is gone where there is no row, and adds none', async () => {
      expect(await table().setClient(change('a'))).toBe('gone');
      expect(await read('a')).toBeUndefined();
    });

    it('cuts what is longer than its column, between two characters', async () => {
      await table().insert([newRow('a')]);
      const userAgent = `${'x'.repeat(254)}\u{1f600}${'y'.repeat(50)}`;
      await table().setClient(change('a', { ipAddress: '1'.repeat(300), userAgent }));
      const stored = await read('a');
      expect(stored?.ipAddress).toBe('1'.repeat(45));
      expect(stored?.userAgent?.startsWith('x'.repeat(254))).toBe(true);
      expect(stored?.userAgent?.length).toBeLessThanOrEqual(255);
      expect(stored?.userAgent).not.toContain('\ufffd');
    });

    it('writes nothing where the columns hold it already, cut or not', async () => {
      await table().insert([newRow('a', { userAgent: 'Browser/3.0' })]);
      const known = { ipAddress: NEW.ipAddress, userAgent: 'x'.repeat(255) };
      expect(await table().setClient(change('a', { userAgent: 'x'.repeat(300), known }))).toBe('saved');
      expect(await read('a')).toMatchObject({ ipAddress: null, userAgent: 'Browser/3.0' });
    });
  });
  describe('addressesOf', () => {
    const of = async (userId: string, userAgent: string | null, exceptId?: string) =>
      (await table().addressesOf({ userId, userAgent, exceptId })).toSorted((a, b) => String(a).localeCompare(String(b)));

    it('are those in the rows of a user with an agent, live or not, each once', async () => {
      await table().insert([
        newRow('a', { userId: 'ann', ipAddress: '192.0.2.1', userAgent: 'Browser/1.0' }),
        newRow('b', { userId: 'ann', ipAddress: '192.0.2.1', userAgent: 'Browser/1.0' }),
        newRow('c', { userId: 'ann', ipAddress: '192.0.2.2', userAgent: 'Browser/1.0', expiresAt: NOW - 1 }),
        newRow('d', { userId: 'ann', ipAddress: '192.0.2.3', userAgent: 'Browser/2.0' }),
        newRow('e', { userId: 'bob', ipAddress: '192.0.2.4', userAgent: 'Browser/1.0' }),
        newRow('f', { userId: 'ann', ipAddress: '192.0.2.5', userAgent: null }),
        newRow('g', { userId: 'ann', ipAddress: null, userAgent: null }),
      ]);
      expect(await of('ann', 'Browser/1.0')).toEqual(['192.0.2.1', '192.0.2.2']);
      expect(await of('ann', 'Browser/1.0', 'c')).toEqual(['192.0.2.1']);
      expect(await of('ann', 'Browser/1.0', 'a')).toEqual(['192.0.2.1', '192.0.2.2']);
      expect(await of('ann', null)).toEqual(['192.0.2.5', null]);
      expect(await of('ann', 'Browser/3.0')).toEqual([]);
      expect(await of('nobody', 'Browser/1.0')).toEqual([]);
    });

    it.each(['Ann', 'ann ', 'ANN', 'änn'])('takes user %j for another than "ann", and the same of agents', async (other) => {
      await table().insert([newRow('a', { userId: 'ann', ipAddress: '192.0.2.1', userAgent: 'ann' })]);
      expect(await of(other, 'ann')).toEqual([]);
      expect(await of('ann', other.trim() === 'ann' ? 'ANN' : other)).toEqual([]);
    });

    it('are found of an agent that its column has cut', async () => {
      await table().insert([newRow('a', { userId: 'ann', ipAddress: '192.0.2.1', userAgent: 'x'.repeat(400) })]);
      expect(await of('ann', 'x'.repeat(400))).toEqual(['192.0.2.1']);
    });
  });
}
