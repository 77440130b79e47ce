import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { SessionSerializationError } from '../../lib/session.errors.js';
import { graphSerializer } from '../../lib/store/serializers/graph-serializer.js';
import { describeEachDatabase, type TestDatabase } from '../support/databases.js';
import { differenceOf, graphs, Money, money } from '../support/graphs.js';
import { dataOf, dueAtEnd, loadSession, newSession, readValues, valuesOf } from '../support/store-data.js';
import { HOUR, useStores } from '../support/store-fixture.js';

/** `GRAPHS=10000` makes that many for each database. */
const GRAPHS = Number(process.env.GRAPHS ?? 200);
const AT_ONCE = 20;

const serializer = { use: 'graph', options: { classes: { Money: money } } } as const;
const JSON_TYPE = {
  'better-sqlite3': 'simple-json',
  'sql.js': 'simple-json',
  postgres: 'jsonb',
  mariadb: 'json',
} as const satisfies Record<TestDatabase['name'], string>;
const TYPES = { text: () => 'text' as const, json: ({ name }: TestDatabase) => JSON_TYPE[name] };

for (const [title, typeOf] of Object.entries(TYPES)) {
  describeEachDatabase(`graphs in a ${title} column`, (database) => {
    const { open } = useStores(database, { dataType: typeOf(database) });

    it('come back equal: types, identity, cycles', { timeout: 600_000 }, async () => {
      const store = open({ serializer });
      const generated = fc.sample(graphs, { numRuns: GRAPHS, seed: 20_300_101 });
      expect(generated).toHaveLength(GRAPHS);
      for (let from = 0; from < GRAPHS; from += AT_ONCE) {
        const some = generated.slice(from, from + AT_ONCE);
        await Promise.all(some.map((graph, index) => store.set(`graph ${index}`, dataOf({ graph, again: [graph] }))));
        for (const [index, graph] of some.entries()) {
          const values = await readValues(store, `graph ${index}`);
          expect(differenceOf({ graph, again: [graph] }, values)).toBeUndefined();
        }
      }
    });

    it('are found unchanged, and changed deep inside a Map, a Set or an instance', async () => {
      const store = open({ serializer });
      await store.set('a', dataOf({ map: new Map([['x', { y: new Map([[1, new Set([1])]]) }]]), price: [new Money(1)] }));
      const edits: ((session: Record<string, unknown>) => unknown)[] = [
        ({ map }) => (map as Map<string, { y: Map<number, Set<number>> }>).get('x')!.y.get(1)!.add(2),
        ({ price }) => (price as Money[])[0]!.add(1),
        (session) => Object.assign(session, { price: [undefined] }),
      ];
      for (const edit of edits) {
        const session = await loadSession(store, 'a');
        expect(await dueAtEnd(store, session)).toBe('nothing');
        edit(session);
        expect(await dueAtEnd(store, session)).toBe('save');
        await session.save();
        expect(differenceOf(await readValues(store, 'a'), valuesOf(session))).toBeUndefined();
      }
    });
  });
}

describeEachDatabase('requests that overlap', (database) => {
  const { open } = useStores(database);

  const merge = async (values: object, ...edits: [(session: never) => unknown, (session: never) => unknown]) => {
    const store = open({ serializer });
    await newSession(store, 'a', { ...values }).save();
    const sessions = await Promise.all(edits.map(() => loadSession(store, 'a')));
    for (const [index, edit] of edits.entries()) {
      edit(sessions[index] as never);
      await sessions[index]!.save();
    }
    const stored = (await readValues(store, 'a'))!;
    expect(differenceOf(valuesOf(sessions[1]), stored)).toBeUndefined();
    return stored;
  };

  it('and change different keys of one Map merge', async () => {
    type Carts = { cart: Map<string, unknown> };
    const { cart } = await merge(
      {
        cart: new Map<string, unknown>([
          ['tea', { n: 1 }],
          ['milk', 1],
          ['gone', 1],
          ['kept', 1],
        ]),
      },
      ({ cart: mine }: Carts) => [mine.set('tea', { n: 2 }), mine.delete('gone'), mine.set('both', 'theirs')],
      ({ cart: mine }: Carts) => [mine.set('milk', 2), mine.set('new', 1), mine.delete('kept'), mine.set('both', 'mine')],
    );
    expect(cart).toEqual(
      new Map<string, unknown>([
        ['tea', { n: 2 }],
        ['milk', 2],
        ['both', 'mine'],
        ['new', 1],
      ]),
    );
  });

  it('and add to one Set, or remove from it, merge', async () => {
    type Seen = { seen: Set<unknown> };
    const { seen } = await merge(
      { seen: new Set(['a', 'b', 'c']) },
      ({ seen: mine }: Seen) => [mine.add('d'), mine.delete('a')],
      ({ seen: mine }: Seen) => [mine.add('e'), mine.delete('b')],
    );
    expect(seen).toEqual(new Set(['c', 'd', 'e']));
  });

  it('and make the same Map merge what they put into it', async () => {
    const { cart } = await merge(
      {},
      (session: object) => Object.assign(session, { cart: new Map([['tea', 1]]) }),
      (session: object) => Object.assign(session, { cart: new Map([['milk', 1]]) }),
    );
    expect(cart).toEqual(
      new Map([
        ['tea', 1],
        ['milk', 1],
      ]),
    );
  });

  it('keep an instance that one of them changed, though no property shows it', async () => {
    const { price, other } = await merge(
      { price: new Money(1), other: 0 },
      ({ price: mine }: { price: Money }) => mine.add(4),
      (session: object) => Object.assign(session, { other: 1 }),
    );
    expect([(price as Money).cents, other]).toEqual([5, 1]);
  });

  it('keep mine of a Map whose keys are objects', async () => {
    type Carts = { cart: Map<object, number> };
    const { cart } = await merge(
      { cart: new Map([[{ id: 1 }, 1]]) },
      ({ cart: theirs }: Carts) => theirs.set({ id: 2 }, 2),
      ({ cart: mine }: Carts) => mine.set({ id: 3 }, 3),
    );
    expect(cart).toEqual(
      new Map([
        [{ id: 1 }, 1],
        [{ id: 3 }, 3],
      ]),
    );
  });

  it('split what two keys share, and merge data deeper than the call stack', async () => {
    const shared = { n: 1 };
    const deep = JSON.parse(`${'['.repeat(4_000)}${']'.repeat(4_000)}`) as unknown;
    const values = await merge(
      { one: new Map([['x', shared]]), two: shared, deep: new Map([['x', deep]]) },
      ({ two }: { two: { n: number } }) => (two.n = 2),
      (session: object) => Object.assign(session, { three: 3 }),
    );
    expect(values).toMatchObject({ one: new Map([['x', { n: 2 }]]), two: { n: 2 }, three: 3 });
  });
});

describeEachDatabase('a change of the serializer', (database) => {
  const { clock, open, rowOf, warnings } = useStores(database);

  it('keeps reading the old text, writes nothing for it, and converts with the next write, both ways', async () => {
    const [json, graph] = [open(), open({ serializer: 'graph' })];
    await json.set('a', dataOf({ views: 1 }));
    for (const [store, form] of [
      [graph, /^\["graph1",\[\{/],
      [json, /^\{"cookie":/],
    ] as const) {
      const before = (await rowOf('a'))!.data;
      const session = await loadSession(store, 'a');
      expect(await dueAtEnd(store, session)).toBe('nothing');
      clock.now += HOUR;
      await store.touch('a', (await store.get('a'))!);
      expect((await rowOf('a'))!.data).toBe(before);
      Object.assign(session, { views: Number(session.views) + 1 });
      await session.save();
      expect((await rowOf('a'))!.data).toMatch(form);
    }
    expect(await readValues(json, 'a')).toEqual({ views: 3 });
    expect(warnings).toEqual([]);
  });

  it('lets both run on one table, and their requests merge', async () => {
    const [json, graph] = [open(), open({ serializer: 'graph' })];
    await json.set('a', dataOf({ views: 1 }));
    const [first, second] = [await loadSession(json, 'a'), await loadSession(graph, 'a')];
    await Object.assign(second, { since: new Date(5) }).save();
    await Object.assign(first, { more: 1 }).save();
    expect(await readValues(graph, 'a')).toEqual({ views: 1, more: 1, since: '1970-01-01T00:00:00.005Z' });
  });

  it('without the class of an instance finds the session undecodable, and says which class', async () => {
    await open({ serializer }).set('a', dataOf({ price: new Money(1) }));
    for (const store of [open(), open({ serializer: graphSerializer() })]) expect(await store.get('a')).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('"Money"'), expect.stringContaining('"Money"')]);
  });
});

describeEachDatabase('what no graph carries', (database) => {
  const { open, rows, statementsOf } = useStores(database);

  it('is refused at the save with its path, and costs no statement', async () => {
    const store = open({ serializer: 'graph' });
    await store.ping();
    const cost = await statementsOf(async () => {
      const failed = newSession(store, 'a', { cart: { items: [{ price: new Money(1) }] } }).save();
      await expect(failed).rejects.toBeInstanceOf(SessionSerializationError);
      await expect(failed).rejects.toThrow(/cart\.items\[0\]\.price is an instance of Money/);
    });
    expect(cost).toBe(0);
    expect(await rows()).toEqual([]);
  });
});
