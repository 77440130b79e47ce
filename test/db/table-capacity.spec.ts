import { describe, expect, it } from 'vitest';
import { SessionTooLargeError } from '../../lib/session.errors.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { StatementLog } from '../support/statement-log.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

describeEachDatabase('What a column cannot hold', (database) => {
  const entity = ownSessionEntity(database);
  const log = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: log });
  const row = newRow('a', { userId: 'ann' });

  /** A table with one row, and nothing in the log. */
  const open = async () => {
    const table = openTable(dataSource(), entity);
    await table.clear();
    await table.insert([row]);
    log.take();
    return table;
  };

  const expectRefused = async (more: { userId?: string; data?: string }) => {
    const table = await open();
    const other = newRow('b', more);
    await expect(table.insert([other])).rejects.toThrow(SessionTooLargeError);
    await expect(table.upsert([other])).rejects.toThrow(SessionTooLargeError);
    await expect(table.upsert([newRow('a', more)])).rejects.toThrow(SessionTooLargeError);
    await expect(table.update([newChange('a', more)])).rejects.toThrow(SessionTooLargeError);
    await expect(table.update([newChange('a', { ...more, version: undefined })])).rejects.toThrow(SessionTooLargeError);
    expect(log.take()).toEqual([]);
    expect(await table.find(['a'], NOW)).toEqual([row]);
    expect(await table.count({ now: NOW })).toBe(1);
  };

  it('of a user id is refused before any SQL, and the row stays as it is', () => expectRefused({ userId: 'x'.repeat(256) }));

  it('of an id is refused before any SQL', async () => {
    const table = await open();
    const other = newRow('x'.repeat(65));
    await expect(table.insert([other])).rejects.toThrow(SessionTooLargeError);
    await expect(table.upsert([other])).rejects.toThrow(SessionTooLargeError);
    await expect(table.changeId([{ id: 'a', newId: other.id }])).rejects.toThrow(SessionTooLargeError);
    expect(log.take()).toEqual([]);
    expect(await table.find(['a'], NOW)).toEqual([row]);
  });

  it('of an id is under no row', async () => {
    const table = await open();
    const id = 'x'.repeat(65);
    expect(await table.find([id], NOW)).toEqual([undefined]);
    expect(await table.update([newChange(id)])).toEqual(['gone']);
    expect(await table.touch([newTouch(id)], NOW)).toEqual(['gone']);
    expect(await table.remove([id])).toEqual(['gone']);
  });

  it('names the column and both sizes', async () => {
    const table = await open();
    const refused = table.insert([newRow('b', { userId: 'x'.repeat(256) })]);
    await expect(refused).rejects.toThrow(/"user_id" holds 255 characters.* 256/);
  });

  it('begins right after what it holds', async () => {
    const table = await open();
    const full = newRow('f'.repeat(64), { userId: 'u'.repeat(255) });
    expect(await table.insert([full])).toEqual(['saved']);
    expect(await table.find([full.id], NOW)).toEqual([full]);
  });

  if (database.name === 'mariadb') {
    describe('of text', () => {
      it('is refused before any SQL, and the row stays as it is', () => expectRefused({ data: 'x'.repeat(65_536) }));

      it('is counted in bytes', () => expectRefused({ data: 'ü'.repeat(32_768) }));

      it('begins right after 65,535 bytes', async () => {
        const table = await open();
        const full = newRow('b', { data: `${'ü'.repeat(32_767)}x` });
        expect(await table.insert([full])).toEqual(['saved']);
        expect((await table.find(['b'], NOW))[0]?.data).toBe(full.data);
      });
    });

    describe('of mediumtext', () => {
      const medium = ownSessionEntity(database, { dataType: 'mediumtext' });
      const mediumSource = useDataSource(database, [medium]);

      it('is more than text holds', async () => {
        const table = openTable(mediumSource(), medium);
        const large = newRow('a', { data: 'x'.repeat(1_000_000) });
        expect(await table.insert([large])).toEqual(['saved']);
        expect((await table.find(['a'], NOW))[0]?.data).toBe(large.data);
      });
    });
  } else {
    it('does not begin at 65,535 bytes of text', async () => {
      const table = await open();
      const large = newRow('b', { data: 'x'.repeat(1_000_000) });
      expect(await table.insert([large])).toEqual(['saved']);
      expect((await table.find(['b'], NOW))[0]?.data).toBe(large.data);
    });
  }
});
