import { DataSource, EntitySchema } from 'typeorm';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSessionMiddleware, createSessionStore } from '../../lib/express.js';
import { SessionEntityError, SessionOptionsError, SessionUnavailableError } from '../../lib/session.errors.js';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import { SessionEntity } from '../../lib/table/entity/session.entity.js';
import { SECRET } from '../support/secret.js';
import { dataOf, readValues } from '../support/store-data.js';
import { barrier, turns } from '../support/store-gate.js';
import { embedded } from '../support/embedded.js';

const memory = embedded;

function compose(options: Partial<SessionModuleOptions> = {}, dataSource?: DataSource) {
  const warnings: string[] = [];
  const resolved = resolveOptions({ secret: SECRET, prune: false, ...options });
  const store = composeStore(resolved, { dataSource, warn: (message) => void warnings.push(message) });
  return { store, warnings };
}

describe('a store', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it('without a data source is in memory, with one warning that says what to add', async () => {
    const { store, warnings } = compose();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/memory/);
    expect(warnings[0]).toMatch(/`dataSource`.*`connection`/);
    await store.set('a', dataOf({ views: 1 }));
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    expect(warnings).toHaveLength(1);
    await store.close();
  });

  it('in memory shares nothing with another one', async () => {
    const [one, two] = [compose().store, compose().store];
    await one.set('a', dataOf());
    expect(await two.get('a')).toBeUndefined();
    await Promise.all([one.close(), two.close()]);
  });

  it('asks for the time when it needs it, so that a clock that is faked later counts', async () => {
    const store = composeStore(resolveOptions({ secret: SECRET, prune: false, idleTimeout: '1m', connection: memory }), {});
    await store.set('a', dataOf());
    const end = (await store.list())[0]!.expiresAt!.getTime();
    vi.useFakeTimers({ toFake: ['Date'], now: end - 1 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await store.get('a')).toBeDefined();
    vi.setSystemTime(end);
    expect(await store.get('a')).toBeUndefined();
    await store.close();
  });

  it('without a data source is refused in production', () => {
    vi.stubEnv('NODE_ENV', 'production');
    expect(() => compose()).toThrow(SessionOptionsError);
    expect(() => compose()).toThrow(/production.*`dataSource`.*`connection`/s);
  });

  it('with a connection is fine in production, without a warning', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const { store, warnings } = compose({ connection: memory });
    await store.set('a', dataOf({ views: 1 }));
    expect(await store.length()).toBe(1);
    expect(warnings).toEqual([]);
    await store.close();
  });

  it('whose connection TypeORM does not know is refused, with the reason', () => {
    const connection = { type: 'no-such-database', url: 'x://u:hunter2@h' } as unknown as NonNullable<SessionModuleOptions['connection']>;
    expect(() => compose({ connection })).toThrow(SessionOptionsError);
    expect(() => compose({ connection })).toThrow(/`connection`/);
    expect(() => compose({ connection })).not.toThrow(/hunter2/);
  });

  it('over an open data source that does not know the entity is refused at once', async () => {
    const other = new EntitySchema<{ id: number }>({ name: 'Other', columns: { id: { type: 'integer', primary: true } } });
    const dataSource = await new DataSource({ ...memory, entities: [other] }).initialize();
    expect(() => compose({}, dataSource)).toThrow(SessionEntityError);
    expect(() => compose({}, dataSource)).toThrow(/SessionEntity.*entities/s);
    await dataSource.destroy();
  });

  it('over an open data source that knows no entity says so at first use', async () => {
    const dataSource = await new DataSource({ ...memory, entities: [] }).initialize();
    const { store } = compose({ operationTimeout: 200 }, dataSource);
    await expect(store.get('a')).rejects.toBeInstanceOf(SessionEntityError);
    await dataSource.destroy();
  });

  it('over an open data source whose entity lacks a mapped column is refused at once', async () => {
    const dataSource = await new DataSource({ ...memory, entities: [SessionEntity] }).initialize();
    expect(() => compose({ columns: { expiresAt: 'endsAt' } }, dataSource)).toThrow(SessionEntityError);
    expect(() => compose({ columns: { expiresAt: 'endsAt' } }, dataSource)).toThrow(/endsAt/);
    await dataSource.destroy();
  });

  it('over a table that is missing says so at first use', async () => {
    const dataSource = await new DataSource({ ...memory, entities: [SessionEntity] }).initialize();
    const { store } = compose({}, dataSource);
    await expect(store.get('a')).rejects.toBeInstanceOf(SessionEntityError);
    await expect(store.get('a')).rejects.toThrow(/migration|synchronize/);
    await dataSource.destroy();
  });

  it('is usable before its data source is initialised, and waits for that', async () => {
    const dataSource = new DataSource({ ...memory, entities: [SessionEntity], synchronize: true });
    const { store } = compose({}, dataSource);
    const written = store.set('a', dataOf({ views: 1 }));
    await dataSource.initialize();
    await written;
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    await store.close();
    await dataSource.destroy();
  });

  // TypeORM calls a data source initialised before it has built its metadata and made its tables.
  it.each(['buildMetadatas', 'synchronize'] as const)('waits for a data source that is still at its %s', async (step) => {
    const dataSource = new DataSource({ ...memory, entities: [SessionEntity], synchronize: true });
    const { store } = compose({}, dataSource);
    const [reached, opened] = [barrier(), barrier()];
    const steps = dataSource as unknown as Record<typeof step, () => Promise<void>>;
    const original = steps[step];
    steps[step] = async () => {
      reached.open();
      await opened.passed;
      await original.call(dataSource);
    };
    const initialized = dataSource.initialize();
    await reached.passed;
    const written = store.set('a', dataOf({ views: 1 }));
    const outcome = Promise.race([written.then(() => 'written'), turns(20).then(() => 'waiting')]).catch(String);
    expect(await outcome).toBe('waiting');
    opened.open();
    await Promise.all([initialized, written]);
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    await store.close();
    await dataSource.destroy();
  });

  it('gives up on a data source that nobody initialises, after operationTimeout', async () => {
    const dataSource = new DataSource({ ...memory, entities: [SessionEntity] });
    const { store } = compose({ operationTimeout: 100 }, dataSource);
    const failed = store.get('a');
    await expect(failed).rejects.toBeInstanceOf(SessionUnavailableError);
    await expect(failed).rejects.toThrow(/initialize/);
    expect(dataSource.isInitialized).toBe(false);
  });

  it('takes other column properties by name', async () => {
    const entity = new EntitySchema<{ sid: string; json: string }>({
      name: 'Other',
      columns: { sid: { type: 'varchar', length: 64, primary: true }, json: { type: 'text' } },
    });
    const { store, warnings } = compose({ connection: memory, entity, columns: { id: 'sid', data: 'json' } });
    await store.set('a', dataOf({ views: 1 }));
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    expect(warnings).toHaveLength(1);
    await store.close();
  });
});

describe('the express entry', () => {
  it('gives a middleware with its store', async () => {
    const middleware = createSessionMiddleware({ secret: SECRET, connection: memory, prune: false });
    expect(middleware).toBeInstanceOf(Function);
    await middleware.store.set('a', dataOf({ views: 1 }));
    expect(await readValues(middleware.store, 'a')).toEqual({ views: 1 });
    await middleware.store.close();
  });

  it('gives a store, also without a secret', async () => {
    const store = createSessionStore({ connection: memory, prune: false });
    await store.set('a', dataOf());
    expect(await store.length()).toBe(1);
    await store.close();
  });

  it('says in a sentence that options are missing', async () => {
    expect(() => createSessionMiddleware(undefined as never)).toThrow(/options are missing.*`secret`/);
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await createSessionStore(undefined as never).close();
    expect(warn.mock.calls).toEqual([[expect.stringContaining('kept in memory')]]);
    vi.restoreAllMocks();
  });

  it('gives no middleware without a secret', () => {
    expect(() => createSessionMiddleware({ secret: undefined, connection: memory })).toThrow(/`secret` is missing/);
  });
});
