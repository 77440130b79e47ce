import { defineSessionEntity, type SessionModuleOptions } from 'nestjs-typeorm-session';
import type { Logger } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hashSessionId } from '../../lib/store/session/id.js';
import { signedCookie } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource, type TestDatabase } from '../support/databases.js';
import { startFuzzedExpress, startFuzzedNest } from './app.js';
import { cookieHeader, hostileAssignment, hostileBody, hostileColumn, hostileId, hostileRow, hostileText } from './hostile.js';
import { RawClient, type RawRequest } from './raw-client.js';
import { fuzz, FUZZ_TIMEOUT_MS, shown } from './run.js';
import type { Seeded } from './seeded.js';

const SECRET = 'the secret of a fuzz, long enough';
const VICTIM = 'V1cTiMmQf0aQxk9nC2vT7yZ8wE1rL5uP';
const BATCH = 50;

/** How much of all inputs each takes: most of them go to the database in memory. */
const APPS = [
  ['Express', startFuzzedExpress, 1],
  ['Nest', startFuzzedNest, 0.3],
] as const;
const WEIGHTS: Record<TestDatabase['name'], number> = { 'better-sqlite3': 1, 'sql.js': 0.02, postgres: 0.03, mariadb: 0.03 };

const ids = Array.from({ length: BATCH }, (_, index) => `session ${index}`);
const cookieOf = (id: string): string => `sid=${signedCookie(id, SECRET)}`;

/** Counts the statements of a data source. */
class StatementCount implements Logger {
  count = 0;

  logQuery(): void {
    this.count++;
  }

  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}

describeEachDatabase('the fuzz of requests', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const statements = new StatementCount();
  const dataSource = useDataSource(database, [entity], { logger: statements, logging: true });
  const rows = () => dataSource().getRepository(entity);
  /** What the servers take for a text and, in a user id, for a string of JSON; MariaDB's text ends at 65,535 bytes. */
  const storable = (text: string) => {
    if (!database.isShared) return text;
    const held = text
      .toWellFormed()
      .replaceAll('\0', '')
      .replaceAll(String.raw`\u0000`, ' ');
    return Buffer.byteLength(held) < 60_000 ? held : held.slice(0, 15_000);
  };

  /** Leaves these sessions in the table, and no others. */
  const fill = async (sessions: readonly (readonly [id: string, data: string])[], keyOf = hashSessionId) => {
    const now = Date.now();
    const times = { createdAt: now, lastSeenAt: now - 40_000, expiresAt: now + 86_400_000, pruneAfter: Math.ceil(now / 3_600_000) + 48 };
    await rows().clear();
    await rows().insert(
      sessions.map(([id, data]) => {
        return { id: keyOf(id), handle: hashSessionId(id).slice(32), data: storable(data), version: 1, ...times };
      }),
    );
  };

  describe.each(APPS)('under %s', { timeout: FUZZ_TIMEOUT_MS }, (appName, start, weight) => {
    const share = weight * WEIGHTS[database.name];
    const nameOf = (target: string) => `${target} (${appName}, ${database.name})`;

    /** Starts the application; resolves to what sends it requests, none of which may fail. */
    const open = async (options: Partial<SessionModuleOptions> = {}) => {
      // Each row that cannot be read is a line.
      const { warn } = console;
      console.warn = () => undefined;
      onTestFinished(() => void (console.warn = warn));
      const app = await start({ secret: SECRET, entity, dataSource: dataSource(), prune: false, ...options });
      const client = await RawClient.open(app.address);
      onTestFinished(() => client.close());
      /** Errors of these kinds are the answer to what the handler should not have put into the session. */
      return async (requests: readonly RawRequest[], inputs: readonly unknown[], refusal?: RegExp): Promise<string[]> => {
        app.failures.length = 0;
        const answers = await client.send(requests).catch((error: unknown) => fail(inputs, String(error)));
        const broken = answers.findIndex(({ status }) => status >= 500);
        const isRefused = refusal !== undefined && app.failures.every((failure) => refusal.test(failure));
        if (broken >= 0 && !isRefused) fail([inputs[broken]], `${answers[broken]!.status}: ${app.failures.join(' ')}`);
        return answers.map(({ body }) => body);
      };
    };

    it('Cookie headers: no cookie but its own gives a session, and what is malformed costs no SQL', async () => {
      const send = await open();
      await fill([[VICTIM, '{"cookie":{},"mark":"the victim"}']]);
      await fuzz(nameOf('cookies'), 0.12 * share, BATCH, async (random, count) => {
        const before = statements.count;
        const malformed = Array.from({ length: count / 2 }, () => malformedCookie(random));
        await sendForeign(send, malformed);
        if (statements.count > before) fail(malformed, 'SQL');
        await sendForeign(
          send,
          Array.from({ length: count / 2 }, () => foreignCookie(random)),
        );
      });
      expect(await send([{ path: '/mark', cookie: cookieOf(VICTIM) }], [])).toEqual(['{"mark":"the victim"}']);
    });

    it('plain ids: none that a collation or a column takes for another gives its session', async () => {
      const send = await open({ hashIds: false });
      await fill([[VICTIM, '{"cookie":{},"mark":"the victim"}']], (id) => id);
      await fuzz(nameOf('plain ids'), 0.01 * share, BATCH, async (random, count) => {
        await sendForeign(
          send,
          Array.from({ length: count }, () => foreignCookie(random)),
        );
      });
      expect(await send([{ path: '/mark', cookie: cookieOf(VICTIM) }], [])).toEqual(['{"mark":"the victim"}']);
    });

    it('bodies: any JSON can be kept, or is refused because it is nested too deep', async () => {
      const send = await open();
      await fuzz(nameOf('bodies'), 0.05 * share, BATCH, async (random, count) => {
        await fill(ids.map((id) => [id, '{"cookie":{}}']));
        const bodies = Array.from({ length: count }, () => hostileBody(random));
        const requests = bodies.map((json, index) => {
          const cookie = random.isOneIn(4) ? {} : { cookie: cookieOf(ids[index]!) };
          return { method: 'POST', path: '/body', json, ...cookie };
        });
        await send(
          requests,
          bodies,
          /SessionSerializationError: The key "body" of the session cannot be serialised: (It is nested|Maximum call stack)/,
        );
        await sendReads(send, bodies);
      });
    });

    it('mass assignment: what is stored can be read, and what cannot be stored is refused', async () => {
      const send = await open();
      await fuzz(nameOf('mass assignment'), 0.05 * share, BATCH, async (random, count) => {
        await fill(ids.map((id) => [id, '{"cookie":{},"mark":"x"}']));
        const bodies = Array.from({ length: count }, () => hostileAssignment(random));
        const requests = bodies.map((json, index) => ({ method: 'POST', path: '/assign', json, cookie: cookieOf(ids[index]!) }));
        await send(requests, bodies, /SessionSerializationError: (The (key|session)|`req\.session`|"|Session data)/);
        await sendReads(send, bodies);
      });
    });

    it('S37: rows: whatever lies in the data column, no request fails', async () => {
      const send = await open({ cookie: { maxAge: 60_000 }, rolling: true });
      await fuzz(nameOf('stored rows'), 0.12 * share, BATCH, async (random) => {
        const stored = ids.map((id) => [id, hostileRow(random)] as const);
        await fill(stored);
        await send(
          ids.map((id) => use(random, id)),
          stored.map(([, data]) => data),
        );
        await send(
          ids.map((id) => ({ path: '/mark', cookie: cookieOf(id) })),
          stored.map(([, data]) => data),
        );
      });
    });

    // Only SQLite lets such values in.
    if (database.name !== 'better-sqlite3') return;

    it('columns: whatever lies in them, no request fails', async () => {
      const send = await open({ cookie: { maxAge: 60_000 } });
      const { tablePath, columns } = dataSource().getMetadata(entity);
      const names = columns.map(({ databaseName }) => databaseName).filter((name) => !['id', 'data', 'handle'].includes(name));
      await fuzz(nameOf('columns'), 0.02 * share, BATCH, async (random) => {
        await fill(ids.map((id) => [id, '{"cookie":{},"mark":"x"}']));
        const changes = ids.map(() => [random.pick(names), hostileColumn(random)] as const);
        for (const [index, [name, value]] of changes.entries()) {
          const sql = `UPDATE OR IGNORE "${tablePath}" SET "${name}" = ? WHERE id = ?`;
          await dataSource().query(sql, [value, hashSessionId(ids[index]!)]);
        }
        await send(
          ids.map((id) => use(random, id)),
          changes.map(String),
        );
      });
    });
  });
});

/** Sends requests none of whose cookies may give a session. */
async function sendForeign(
  send: (requests: readonly RawRequest[], inputs: readonly unknown[]) => Promise<string[]>,
  cookies: readonly string[],
): Promise<void> {
  const requests = cookies.map((cookie) => ({ path: '/mark', cookie }));
  const bodies = await send(requests, cookies);
  const other = bodies.findIndex((body) => body !== '{"mark":null}');
  if (other >= 0) fail([cookies[other]], bodies[other]!);
}

function fail(inputs: readonly unknown[], what: string): never {
  throw new Error(`${what} for ${inputs.map(shown).join('\n')}`);
}

/** Each session can be read after what was done to it. */
async function sendReads(
  send: (requests: readonly RawRequest[], inputs: readonly unknown[]) => Promise<unknown>,
  inputs: readonly unknown[],
): Promise<void> {
  await send(
    ids.map((id) => ({ path: '/mark', cookie: cookieOf(id) })),
    inputs,
  );
}

/** A request that reads, writes, replaces or ends a session. */
function use(random: Seeded, id: string): RawRequest {
  const path = random.pick(['/mark', '/count', '/renew', '/rotate', '/leave']);
  return { method: path === '/mark' ? 'GET' : 'POST', path, cookie: cookieOf(id) };
}

/** A Cookie header with no id in it that could be one, or none that this server has signed. */
function malformedCookie(random: Seeded): string {
  const genuine = signedCookie(VICTIM, SECRET);
  const at = 4 + random.int(genuine.length - 4);
  switch (random.int(4)) {
    case 0:
      return cookieHeader(random, 'sid', [encodeURIComponent(hostileText(random).toWellFormed())]);
    case 1: {
      const other = random.pick(['a', 'Z', '0', '-', '_', '.', '~', '!'].filter((letter) => letter !== genuine[at]));
      return `sid=${genuine.slice(0, at)}${other}${genuine.slice(at + 1)}`;
    }
    case 2:
      return cookieHeader(random, random.pick(['SID', 'sid2', '__proto__', 'constructor']), [genuine]);
    default: {
      const id = random.pick([
        '',
        'x'.repeat(257 + random.int(200)),
        `\0${VICTIM}`,
        `${VICTIM}\n`,
        `a${random.pick(['\x01', '\x7f', '\x85'])}`,
      ]);
      return cookieOf(id);
    }
  }
}

/** A Cookie header with another id than the victim's, signed by this server. */
function foreignCookie(random: Seeded): string {
  const id = hostileId(random, VICTIM);
  const text = typeof id === 'string' && id !== VICTIM ? id.toWellFormed() : 'another';
  return cookieHeader(random, 'sid', [signedCookie(text, SECRET), ...random.list(1, () => signedCookie('a third', SECRET))]);
}
