import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SessionSerializationError } from '../../lib/session.errors.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { isEndedByCookie } from '../../lib/store/session/expiry.js';
import { SessionCodec, type DecodedSession } from '../../lib/store/session/codec.js';
import { hashSessionId, isSessionId, keyOf } from '../../lib/store/session/id.js';
import { applyMerge, mergeSessions } from '../../lib/store/session/merging/merge.js';
import { createSessionObject } from '../../lib/store/session/session-object.js';
import { Cookie, type Request, type SessionData } from '../../lib/store/express-session.js';
import { kindOf } from '../../lib/store/serializers/graph-format.js';
import { Money, money } from '../support/graphs.js';
import { SECRET } from '../support/secret.js';
import { hostileData, hostileGraph, hostileId, hostileRow } from './hostile.js';
import { fuzz, FUZZ_TIMEOUT_MS, shown } from './run.js';
import type { Seeded } from './seeded.js';

type Data = Record<string, unknown>;

const KNOWN = 'bJ3mQf0aQxk9nC2vT7yZ8wE1rL5uP4sD';
const HANDLE = '0'.repeat(32);

describe('the fuzz of plain functions', { timeout: FUZZ_TIMEOUT_MS }, () => {
  it('ids: a key for what is well-formed, another key for another id, and nothing for the rest', async () => {
    await fuzz('ids', 0.22, 500, (random, count) => {
      for (let index = 0; index < count; index++) checkId(hostileId(random, KNOWN));
    });
  });

  it('merges: under each key what the contract says, and no prototype', async () => {
    await fuzz('merges', 0.22, 500, (random, count) => {
      for (let index = 0; index < count; index++) checkMerge(random);
    });
  });

  it('rows: no session, or one whose cookie can be sent and whose data can be stored', async () => {
    const codec = new SessionCodec(resolveOptions({ secret: SECRET }));
    await fuzz('rows', 0.22, 500, async (random, count) => {
      for (let index = 0; index < count; index++) await checkRow(codec, hostileRow(random));
    });
  });

  it('graphs: the same, and no object but data and instances of a registered class', async () => {
    const serializer = { use: 'graph', options: { classes: { Money: money } } } as const;
    const codec = new SessionCodec(resolveOptions({ secret: SECRET, serializer }));
    let sessions = 0;
    await fuzz('graphs', 0.28, 500, async (random, count) => {
      for (let index = 0; index < count; index++) if (await checkRow(codec, hostileGraph(random))) sessions++;
    });
    // Else the graphs are so broken that nothing is tried.
    expect(sessions).toBeGreaterThan(100);
  });
});

function checkId(id: unknown): void {
  const key = keyOf(id, true);
  const isText = typeof id === 'string' && isSessionId(id);
  if (key !== (isText ? hashSessionId(id) : undefined)) throw new Error(`wrong key for ${shown(id)}`);
  if (isText && (id.length > 256 || /\p{Cc}|\p{Cs}/u.test(id))) throw new Error(`well-formed: ${shown(id)}`);
  if (key !== undefined && key === hashSessionId(KNOWN) && id !== KNOWN) throw new Error(`the key of another id: ${shown(id)}`);
}

/** Node's own comparison is the model of ours. */
const holdsSame = (a: Data, b: Data, key: string): boolean =>
  Object.hasOwn(a, key) === Object.hasOwn(b, key) && isDeepStrictEqual(a[key], b[key]);

function checkMerge(random: Seeded): void {
  const base: Data = { ...hostileData(random), cookie: hostileData(random) };
  const edited = (): Data => {
    const kept = Object.entries(structuredClone(base)).filter(() => !random.isOneIn(4));
    return Object.fromEntries([...kept, ...Object.entries(hostileData(random)), ['cookie', hostileData(random)]]);
  };
  const [theirs, mine] = [edited(), edited()];
  const fail = (what: string): never => {
    throw new Error(`${what}: ${shown(JSON.stringify([base, theirs, mine]))}`);
  };
  const merged = mergeSessions(base, theirs, mine);
  if (Object.getPrototypeOf(merged) !== Object.prototype) fail('a prototype');
  for (const key of new Set([base, theirs, mine, merged].flatMap((each) => Object.keys(each)))) {
    const isMine = key === 'cookie' || !holdsSame(mine, base, key);
    if (!holdsSame(merged, isMine ? mine : theirs, key)) fail(`wrong value of ${shown(key)}`);
  }
  const session = createSessionObject({ sessionID: KNOWN } as Request, mine as unknown as SessionData);
  const { save } = session;
  const prototype: unknown = Object.getPrototypeOf(session);
  applyMerge(session, mine, merged);
  if (Object.getPrototypeOf(session) !== prototype || session.save !== save) fail('a member of the session');
}

/** Whether the row was a session. */
async function checkRow(codec: SessionCodec, text: string): Promise<boolean> {
  let decoded: DecodedSession;
  try {
    decoded = await codec.decode({ data: text, expiresAt: Date.now() + 60_000, handle: HANDLE });
  } catch (error) {
    if (error instanceof SessionSerializationError) return false;
    throw new Error(`${String(error)} from ${shown(text)}`, { cause: error });
  }
  try {
    checkObjects(decoded.data);
    const session = createSessionObject({ sessionID: KNOWN } as Request, decoded.data) as SessionData & { id: string; touch(): unknown };
    session.touch();
    const { cookie } = session as unknown as { cookie: { serialize(name: string, value: string): string } };
    expect(cookie.serialize('sid', 'value')).not.toMatch(/[\r\n]|;.*;.*Set-Cookie/);
    expect(session.id).toBe(KNOWN);
    const lifetime = codec.lifetimeOf(session, undefined, Date.now());
    // What its cookie ends is removed instead.
    if (isEndedByCookie(lifetime, Date.now())) return true;
    const { expiresAt } = await codec.encode(session, lifetime, Date.now(), Date.now(), HANDLE);
    expect(Number.isSafeInteger(expiresAt)).toBe(true);
    return true;
  } catch (error) {
    throw new Error(`${String(error)} from ${shown(text)}`, { cause: error });
  }
}

/** Every object must be one that a graph can carry, and so none that does anything. */
function checkObjects(data: object): void {
  const met = new Set<unknown>([data]);
  for (const each of met) {
    if (typeof each === 'function' || typeof each === 'symbol') throw new Error(`a ${typeof each}`);
    if (typeof each !== 'object' || each === null || each instanceof Cookie) continue;
    if (!(each instanceof Money) && kindOf(each) === undefined)
      throw new Error(`an object of another kind: ${Object.prototype.toString.call(each)}`);
    const inside =
      each instanceof Map ? [...each].flat() : each instanceof Set ? [...each] : ArrayBuffer.isView(each) ? [] : Object.values(each);
    for (const value of inside) met.add(value);
  }
}
