import { beforeEach, describe, expect, it } from 'vitest';
import { SessionEntityError, SessionRefusedError, SessionUnavailableError } from '../../lib/session.errors.js';
import { AvailabilityMonitor } from '../../lib/store/runtime/availability-monitor.js';
import { batched } from '../../lib/store/batching/batching-table.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionTable } from '../../lib/table/session-table.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

describe('whether the database answers', () => {
  const told: boolean[] = [];
  let availability: AvailabilityMonitor;

  beforeEach(() => {
    told.length = 0;
    availability = new AvailabilityMonitor((isAvailable) => void told.push(isAvailable));
  });
  const ask = (query: () => Promise<unknown>, isSilent?: boolean) => availability.watch(query, isSilent).catch(() => undefined);
  const works = () => Promise.resolve();
  const away = () => Promise.reject(new SessionUnavailableError('away'));

  it('is told once a change, and nothing is told while it does', async () => {
    for (const result of [works, works, away, away, works, works, away]) await ask(result);
    expect(told).toEqual([false, true, false]);
  });

  it('is not told by what began before the last change', async () => {
    const ends: (() => void)[] = [];
    const hung = (fails: boolean) =>
      ask(() => new Promise<void>((resolve, reject) => ends.push(() => (fails ? reject(new SessionUnavailableError('late')) : resolve()))));
    const before = [hung(false), hung(true)];
    await ask(away);
    ends.shift()!();
    await before[0];
    expect(told).toEqual([false]);
    await ask(works);
    ends.shift()!();
    await before[1];
    expect(told).toEqual([false, true]);
  });

  it.each([new SessionEntityError('no table'), new SessionRefusedError('a constraint')])(
    'is yes where it answers with %s',
    async (error) => {
      await ask(() => Promise.reject(error));
      expect(told).toEqual([]);
      await ask(away);
      await ask(() => Promise.reject(error));
      expect(told).toEqual([false, true]);
    },
  );

  it('is not told by what may be answered without a query, only by its failure', async () => {
    await ask(away, true);
    await ask(works, true);
    expect(told).toEqual([false]);
  });
});

describe('the queries of a batching table', () => {
  type Query = (table: SessionTable) => Promise<unknown>;
  const [row, change, touch] = [newRow('a'), newChange('a'), newTouch('a')];
  const QUERIES: Readonly<Record<Exclude<keyof SessionTable, 'batchSize' | 'maxInFlight'>, Query>> = {
    fields: (table) => table.fields(),
    find: (table) => table.find(['a'], NOW),
    findAny: (table) => table.findAny(['a', 'b'], NOW),
    findPrevious: (table) => table.findPrevious('a', NOW),
    insert: (table) => table.insert([row]),
    update: (table) => table.update([change]),
    insertWithin: (table) => table.insertWithin(row, { sessions: 1, now: NOW }),
    updateWithin: (table) => table.updateWithin(change, { sessions: 1, now: NOW }),
    upsert: (table) => table.upsert([row]),
    touch: (table) => table.touch([touch], NOW),
    changeId: (table) => table.changeId([{ id: 'a', newId: 'b' }]),
    setClient: (table) => table.setClient({ id: 'a', ipAddress: null, userAgent: null, known: {} }),
    addressesOf: (table) => table.addressesOf({ userId: 'ann', userAgent: null }),
    remove: (table) => table.remove(['a']),
    removeHandle: (table) => table.removeHandle('a'),
    page: (table) => table.page({ limit: 1, now: NOW }),
    locate: (table) => table.locate({ limit: 1 }),
    scan: (table) => table.scan({ limit: 1, now: NOW }),
    ids: (table) => table.ids({ limit: 1 }),
    count: (table) => table.count({ now: NOW }),
    clear: (table) => table.clear(),
    prune: (table) => table.prune({ limit: 1, now: NOW }),
    lock: (table) => table.lock({ id: 'a', waitMs: 1, maxHoldMs: 1 }),
    ping: (table) => table.ping(),
  };

  it.each(Object.entries(QUERIES))('%s is watched', async (name, query) => {
    const told: boolean[] = [];
    const availability = new AvailabilityMonitor((isAvailable) => void told.push(isAvailable));
    const away = () => Promise.reject(new SessionUnavailableError('away'));
    const table = new Proxy({} as SessionTable<'locked'>, { get: (_, member) => (member === 'batchSize' ? () => 1 : away) });
    const together = batched(table, resolveOptions({ secret: 'a secret' }), () => performance.now(), availability);
    await expect(query(together), name).rejects.toThrow('away');
    expect(told).toEqual([false]);
  });
});
