import { expect, it } from 'vitest';
import { describeEachDatabase } from '../support/databases.js';
import { loadSession, newSession } from '../support/store-data.js';
import { DAY, HOUR, useStores } from '../support/store-fixture.js';
import { failStatements, gateStatements, turns } from '../support/store-gate.js';
import { useTelemetry } from '../support/telemetry.js';

const SID = 'the secret id';

describeEachDatabase('the telemetry of a store', (database) => {
  const { clock, dataSource, statements, open } = useStores(database);

  const start = async () => {
    const telemetry = useTelemetry();
    const store = open();
    // Until the API is loaded.
    await turns(20);
    return { store, ...telemetry };
  };
  const countOf = (value: unknown) => (value as { count: number }).count;

  it('has one span for each operation, with its kind and outcome and nothing of the session', async () => {
    const { store, spans } = await start();
    await newSession(store, SID, { userId: 'ann', card: 'payload VISA' }).save();
    const session = await loadSession(store, SID);
    clock.now += HOUR;
    await store.touch(SID, session as never);
    await store.list({ userId: 'ann' });
    await store.count();
    await store.ping();
    await session.destroy();
    const kinds = ['set', 'get', 'touch', 'list', 'count', 'ping', 'destroy'];
    expect(spans()).toEqual(
      kinds.map((kind) => ({
        name: `session ${kind}`,
        attributes: { 'nestjs-typeorm-session.operation': kind, 'nestjs-typeorm-session.outcome': 'ok' },
        status: 0,
      })),
    );
  });

  it('counts operations by kind and outcome', async () => {
    const { store, points, spans } = await start();
    await store.get(SID);
    await store.get(SID);
    const restore = failStatements(dataSource(), /./);
    await expect(store.get(SID)).rejects.toThrow();
    restore();
    const durations = await points('operation.duration');
    expect(durations.map(([attributes, value]) => [attributes, countOf(value)])).toEqual([
      [{ operation: 'get', outcome: 'ok' }, 2],
      [{ operation: 'get', outcome: 'SESSION_UNAVAILABLE' }, 1],
    ]);
    expect(spans().at(-1)).toMatchObject({ status: 2, attributes: { 'nestjs-typeorm-session.outcome': 'SESSION_UNAVAILABLE' } });
  });

  it('measures what leaves together, and how long it has waited', async () => {
    const { store, points } = await start();
    await store.ping();
    const gate = gateStatements(dataSource(), /^SELECT/);
    const reads = Array.from({ length: 12 }, (_, index) => store.get(`id ${index}`));
    await gate.reached;
    gate.open();
    await Promise.all(reads);
    const [[attributes, sizes] = []] = await points('batch.size');
    expect(attributes).toEqual({ operation: 'find' });
    // The transports of SQLite answer at once where nothing intercepts them.
    expect((sizes as { sum: number }).sum).toBe(12);
    const [[, waits] = []] = await points('batch.wait');
    expect(countOf(waits)).toBe(countOf(sizes));
  });

  it('counts the rows that were pruned, and the sessions that are live where somebody collects', async () => {
    const { store, points } = await start();
    for (const sid of ['a', 'b', 'c']) await newSession(store, sid, { userId: 'ann' }).save();
    expect(await points('live')).toEqual([[{}, 3]]);
    clock.now += 2 * DAY;
    await store.prune();
    expect(await points('pruned')).toEqual([[{}, 3]]);
  });

  it('observes no number while the database does not answer, and none after the store is closed', async () => {
    const { store, points } = await start();
    await store.ping();
    const restore = failStatements(dataSource(), /./);
    expect(await points('live')).toEqual([]);
    restore();
    await store.close();
    statements.length = 0;
    expect(await points('live')).toEqual([]);
    expect(statements).toEqual([]);
  });

  it('measures nothing of a store that is closed before the API is loaded', async () => {
    const { points } = useTelemetry();
    await open().close();
    await turns(20);
    statements.length = 0;
    expect(await points('live')).toEqual([]);
    expect(statements).toEqual([]);
  });
});
