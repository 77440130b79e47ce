import { describe, expect, it, vi } from 'vitest';
import { cached } from '../../lib/store/caching/caching-table.js';
import { MemorySessionTable } from '../../lib/testing/memory-session-table.js';
import type { SessionTable } from '../../lib/table/session-table.js';
import { Barrier } from '../support/barrier.js';
import { HOUR, newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

const HASH = 'a'.repeat(64);
const HANDLE = newRow(HASH).handle!;
const TTL = 5_000;

type Listener = { onNotice(notice: string): void; onHearing(isHearing: boolean): void };

/** A cache in front of a table in memory with one row, whose next call of a method can be held. */
/** Rows that answer for each removal by itself, through `remove`. */
class StoreRows extends MemorySessionTable {
  removeEach(ids: readonly string[]): Promise<'removed' | 'gone'>[] {
    return ids.map(async (id) => (await this.remove([id]))[0]!);
  }
}

async function open(notify = false) {
  const rows = new StoreRows();
  await rows.insert([newRow(HASH, { userId: 'ann' })]);
  const told: string[] = [];
  let listener: Listener | undefined;
  const tell = async (notice: string) => void told.push(notice);
  const notices = notify ? { tell, listen: (given: Listener) => void (listener = given) } : undefined;
  const hits: boolean[] = [];
  const reporter = () => ({ cacheRead: (isHit: boolean) => void hits.push(isHit) });
  const { table, cache } = cached(rows, { ttlMs: TTL, max: 100, notify }, { notices, reporter });
  if (notify) listener!.onHearing(true);
  const finds = vi.spyOn(rows, 'find');

  /** The table has done it, and its answer waits. */
  const hold = (method: keyof SessionTable): Barrier => {
    const barrier = new Barrier();
    const real = (MemorySessionTable.prototype[method] as (...args: unknown[]) => Promise<unknown>).bind(rows);
    const held = vi.spyOn(rows, method as 'find');
    held.mockImplementationOnce((async (...args: unknown[]) => {
      const answer = await real(...args);
      await barrier.wait();
      return answer;
    }) as never);
    return barrier;
  };
  const read = async (now = NOW) => (await cache!.find([HASH], now))[0];
  return { rows, table, cache: cache!, read, hold, finds, hits, told, listener: () => listener! };
}

type Opened = Awaited<ReturnType<typeof open>>;

const WRITES: readonly [string, (opened: Opened) => Promise<unknown>][] = [
  ['remove', ({ table }) => table.remove([HASH])],
  ['removeEach', ({ table }) => Promise.all(table.removeEach([HASH]))],
  ['removeHandle', ({ table }) => table.removeHandle(HANDLE)],
  ['changeId', ({ table }) => table.changeId([{ id: HASH, newId: 'b'.repeat(64) }])],
  ['clear', ({ table }) => table.clear()],
  ['update', ({ table }) => table.update([newChange(HASH)])],
  ['updateWithin', ({ table }) => table.updateWithin(newChange(HASH), { sessions: 5, now: NOW })],
  ['upsert', ({ table }) => table.upsert([newRow(HASH, { data: '{"new":1}' })])],
  [
    'setClient',
    ({ table }) => table.setClient({ id: HASH, ipAddress: '::1', userAgent: 'x', known: { ipAddress: null, userAgent: null } }),
  ],
];

describe('a read from the cache', () => {
  it('asks the table once', async () => {
    const { read, finds, hits } = await open();
    const first = await read();
    expect(await read(NOW + TTL - 1)).toBe(first);
    expect(finds).toHaveBeenCalledOnce();
    expect(hits).toEqual([false, true]);
    await read(NOW + TTL);
    expect(finds).toHaveBeenCalledTimes(2);
  });

  it('asks the table each time for a row that is not there', async () => {
    const { cache, finds } = await open();
    for (let round = 0; round < 2; round++) expect(await cache.find(['nobody'], NOW)).toEqual([undefined]);
    expect(finds).toHaveBeenCalledTimes(2);
  });

  it('is refreshed by a read of the table itself, which always asks', async () => {
    const { rows, table, read, finds } = await open();
    await read();
    await rows.update([newChange(HASH)]);
    expect((await read())?.version).toBe(1);
    expect((await table.find([HASH], NOW))[0]?.version).toBe(2);
    expect((await read())?.version).toBe(2);
    expect(finds).toHaveBeenCalledTimes(2);
  });

  it('that fails leaves nothing behind', async () => {
    const { read, finds } = await open();
    finds.mockRejectedValueOnce(new Error('away'));
    await expect(read()).rejects.toThrow('away');
    expect((await read())?.version).toBe(1);
    await read();
    expect(finds).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['its key', (cache: Opened['cache']) => cache.forget(HASH)],
    ['its handle', (cache: Opened['cache']) => cache.forgetHandle(HANDLE)],
    ['its user', (cache: Opened['cache']) => cache.forgetUser('ann')],
    ['everything', (cache: Opened['cache']) => cache.forgetAll()],
  ])('asks the table again after %s was forgotten', async (_, forget) => {
    const { cache, read, finds } = await open();
    await read();
    forget(cache);
    await read();
    expect(finds).toHaveBeenCalledTimes(2);
  });

  it('forgets nobody where the handle is not known', async () => {
    const { cache, read, finds } = await open();
    await read();
    cache.forgetHandle(undefined);
    await read();
    expect(finds).toHaveBeenCalledOnce();
  });
});

describe.each(WRITES)('%s', (name, write) => {
  const method = name === 'removeEach' ? 'remove' : (name as keyof SessionTable);

  it('leaves nothing of what was read before it', async () => {
    const opened = await open();
    await opened.read();
    await write(opened);
    expect(await opened.read()).toEqual((await opened.rows.find([HASH], NOW))[0]);
  });

  it('leaves nothing of a read that began before it and ends after it', async () => {
    const opened = await open();
    const barrier = opened.hold('find');
    const reading = opened.read();
    await barrier.reached;
    await write(opened);
    barrier.open();
    expect((await reading)?.version).toBe(1);
    expect(await opened.read()).toEqual((await opened.rows.find([HASH], NOW))[0]);
  });

  it('leaves nothing of a read that began and ended while it was under way', async () => {
    const opened = await open();
    const barrier = opened.hold(method);
    await opened.read();
    // As if the read had come before the write at the database.
    opened.finds.mockResolvedValueOnce([newRow(HASH, { userId: 'ann' })]);
    const writing = write(opened);
    await barrier.reached;
    expect((await opened.read())?.version).toBe(1);
    barrier.open();
    await writing;
    expect(await opened.read()).toEqual((await opened.rows.find([HASH], NOW))[0]);
  });

  it('leaves nothing where nobody knows whether it was done', async () => {
    const opened = await open();
    await opened.read();
    vi.spyOn(opened.rows, method as 'find').mockRejectedValueOnce(new Error('late'));
    await expect(write(opened)).rejects.toThrow('late');
    await opened.read();
    expect(opened.finds).toHaveBeenCalledTimes(2);
  });
});

describe('touch', () => {
  it('moves what was read before it, so that the next request owes none', async () => {
    const { table, read, finds } = await open();
    await read();
    expect(await table.touch([newTouch(HASH)], NOW)).toEqual(['saved']);
    expect(await read()).toMatchObject({ lastSeenAt: NOW + HOUR, expiresAt: NOW + 25 * HOUR, version: 1 });
    expect(finds).toHaveBeenCalledOnce();
  });

  it.each([
    ['was seen by others meanwhile', (rows: MemorySessionTable) => rows.touch([newTouch(HASH, { lastSeenAt: NOW + 2 * HOUR })], NOW)],
    ['is gone', (rows: MemorySessionTable) => rows.remove([HASH])],
  ])('forgets a row that %s', async (_, meanwhile) => {
    const { rows, table, read, finds } = await open();
    await read();
    await meanwhile(rows);
    finds.mockClear();
    await table.touch([newTouch(HASH)], NOW);
    expect(await read()).toEqual((await rows.find([HASH], NOW))[0]);
  });

  it('forgets a row of which nobody knows whether it was touched', async () => {
    const { rows, table, read, finds } = await open();
    await read();
    vi.spyOn(rows, 'touch').mockRejectedValueOnce(new Error('late'));
    await expect(table.touch([newTouch(HASH)], NOW)).rejects.toThrow('late');
    await read();
    expect(finds).toHaveBeenCalledTimes(2);
  });
});

describe('other processes', () => {
  it.each([
    ['remove', HASH],
    ['removeEach', HASH],
    ['removeHandle', HANDLE],
    ['changeId', HASH],
    ['clear', '*'],
    ['update', undefined],
    ['updateWithin', undefined],
    ['upsert', undefined],
    ['setClient', undefined],
  ])('are told of %s: %s', async (method, notice) => {
    const opened = await open(true);
    await WRITES.find(([name]) => name === method)![1](opened);
    expect(opened.told).toEqual(notice === undefined ? [] : [notice]);
  });

  it('are told nothing of a touch, nor of an end that did not happen, nor of a plain id', async () => {
    const { rows, table, told } = await open(true);
    await table.touch([newTouch(HASH)], NOW);
    await table.remove(['b'.repeat(64)]);
    await table.changeId([{ id: 'c'.repeat(64), newId: 'd'.repeat(64) }]);
    await rows.insert([newRow('plain')]);
    await table.remove(['plain']);
    expect(told).toEqual([]);
  });

  it('are told at once of what ends in one turn, and of many ends as of all', async () => {
    const { rows, table, told } = await open(true);
    const keys = Array.from({ length: 51 }, (_, index) => index.toString(16).padStart(64, '0'));
    await rows.insert(keys.map((key) => newRow(key)));
    await Promise.all([table.remove([keys[0]!]), table.remove([keys[1]!])]);
    expect(told.splice(0)).toEqual([`${keys[0]} ${keys[1]}`]);
    await rows.insert(keys.slice(0, 2).map((key) => newRow(key)));
    await Promise.all(keys.map((key) => table.remove([key])));
    expect(told).toEqual(['*']);
  });

  it.each([
    ['its key', `${'b'.repeat(64)} ${HASH}`],
    ['its handle', HANDLE],
    ['all', '*'],
  ])('end a session here by %s, also while it is read', async (_, notice) => {
    const { read, finds, hold, listener } = await open(true);
    await read();
    listener().onNotice(notice);
    const barrier = hold('find');
    const reading = read();
    await barrier.reached;
    listener().onNotice(notice);
    barrier.open();
    await reading;
    await read();
    expect(finds).toHaveBeenCalledTimes(3);
  });

  it('leave the rest alone', async () => {
    const { read, finds, listener } = await open(true);
    await read();
    for (const notice of ['', '?', 'b'.repeat(64), '0'.repeat(32), 'something else']) listener().onNotice(notice);
    await read();
    expect(finds).toHaveBeenCalledOnce();
  });

  it('are not heard at first and after a loss, and then nothing is kept', async () => {
    const { read, finds, listener } = await open(true);
    await read();
    listener().onHearing(false);
    for (let round = 0; round < 2; round++) await read();
    expect(finds).toHaveBeenCalledTimes(3);
    listener().onHearing(true);
    for (let round = 0; round < 2; round++) await read();
    expect(finds).toHaveBeenCalledTimes(4);
  });
});

it('is no cache where the option is off', () => {
  const rows = new StoreRows();
  expect(cached(rows, false)).toEqual({ table: rows, cache: undefined });
});
