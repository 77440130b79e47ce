import { DataSource, type DataSourceOptions, type EntitySchema } from 'typeorm';
import { createMiddleware } from '../../lib/http/session-middleware.js';
import { SessionError } from '../../lib/session.errors.js';
import { composeStore } from '../../lib/store/compose.js';
import { Cookie, type Request, type SessionData } from '../../lib/store/express-session.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { createSessionId } from '../../lib/store/session/id.js';
import { EVENT_NAMES } from '../../lib/store/runtime/events.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { defineSessionEntity, type SessionEntity } from '../../lib/table/entity/session.entity.js';
import { LetterApp } from './race-app.js';
import { dataOf, requestOf, valuesOf, type LiveSession } from './store-data.js';

export const SECRET = 'a long secret of the races, which nobody needs to know';

/** What an instance needs to be told so that it can stand in another process. */
export interface InstanceConfig {
  readonly name: string;
  readonly connection: DataSourceOptions;
  readonly tableName: string;
  readonly options?: Partial<SessionModuleOptions>;
}

/** What a request was told: that it was done, or the code of the error. */
export type Told = 'done' | SessionError['code'];

export type Values = Record<string, unknown>;

/** What can be done to a session object. */
export type Act = 'save' | 'touch' | 'rotate' | 'destroy';

/** Session data of more than 64 KiB and any characters fit into it on every database. */
export function raceEntity({ name, tableName }: Pick<InstanceConfig, 'name' | 'tableName'>): EntitySchema<SessionEntity> {
  const data = name === 'mariadb' ? ({ dataType: 'mediumtext', charset: 'utf8mb4' } as const) : {};
  return defineSessionEntity({ name: 'RaceSession', tableName, ...data });
}

/**
 * One instance of an application: a store and the requests that have loaded a session from it. Requests go by numbers
 * and everything is told in plain values, so that the instance may stand in another process.
 */
export class RaceInstance {
  /** Epoch milliseconds; only those who call move it. */
  now = 0;
  private readonly requests = new Map<number, LiveSession>();
  private readonly store: SessionStore;
  private readonly app: LetterApp;
  private events: Record<string, number> = {};
  private requestCount = 0;
  private nextId: string | undefined;

  constructor(
    dataSource: DataSource,
    entity: EntitySchema<SessionEntity>,
    options: Partial<SessionModuleOptions> = {},
    private readonly whenClosed: () => Promise<void> = async () => {},
  ) {
    const resolved = resolveOptions({ secret: SECRET, entity, prune: false, touchInterval: 0, ...options });
    this.store = composeStore(resolved, { dataSource, now: () => this.now });
    this.app = new LetterApp(createMiddleware(this.store, resolved, () => undefined));
    // After the middleware, which has an idea of its own.
    this.store.generate = (req) => {
      req.sessionID = this.nextId ?? createSessionId();
      this.nextId = undefined;
      req.session = { cookie: new Cookie() } as unknown as Request['session'];
    };
    for (const name of EVENT_NAMES) this.store.on(name, () => (this.events[name] = (this.events[name] ?? 0) + 1));
  }

  /** An instance with a connection pool of its own. */
  static async open(config: InstanceConfig): Promise<RaceInstance> {
    const entity = raceEntity(config);
    const dataSource = new DataSource({ ...config.connection, entities: [entity], poolSize: 5 } as DataSourceOptions);
    await dataSource.initialize();
    return new RaceInstance(dataSource, entity, config.options, () => dataSource.destroy());
  }

  /** A request without a cookie, whose new session gets this id. */
  create(sid: string, values: Values): Promise<Told> {
    const req = requestOf(this.store, '');
    this.nextId = sid;
    this.store.generate(req);
    return tell(Object.assign(req.session, values).save());
  }

  /** A request with this id in its cookie; `undefined` where it finds no session. */
  async load(sid: string): Promise<number | undefined> {
    const data = await this.store.get(sid);
    if (!data) return undefined;
    this.requests.set(++this.requestCount, this.store.createSession(requestOf(this.store, sid), data) as unknown as LiveSession);
    return this.requestCount;
  }

  /** Puts values in, takes keys out, and saves. */
  save(request: number, values: Values = {}, removed: readonly string[] = []): Promise<Told> {
    const session = this.sessionOf(request);
    Object.assign(session, values);
    for (const key of removed) Reflect.deleteProperty(session, key);
    return tell(session.save());
  }

  /** Puts an item into the cart, by an update. */
  add(request: number, item: string): Promise<Told> {
    const session = this.sessionOf(request);
    const update = session.update as unknown as (change: (given: { cart?: string[] }) => void) => Promise<void>;
    return tell(update.call(session, (given) => void (given.cart = [...(given.cart ?? []), item])));
  }

  /** Signs a user in; `sid` is the id that the session has now. */
  async login(request: number, userId: string): Promise<{ told: Told; sid: string }> {
    const session = this.sessionOf(request);
    const told = await tell(session.login(userId));
    return { told, sid: session.id };
  }

  touch(request: number): Promise<Told> {
    const session = this.sessionOf(request);
    return tell(this.store.touch(session.id, session as unknown as SessionData));
  }

  destroy(request: number): Promise<Told> {
    return tell(this.sessionOf(request).destroy());
  }

  /** `sid` is the id that the session has now. */
  async rotate(request: number): Promise<{ told: Told; sid: string }> {
    const session = this.sessionOf(request);
    const told = await tell(session.rotate());
    return { told, sid: session.id };
  }

  /** Ends the session and stores a new one with these values; `sid` is its id. */
  async regenerate(request: number, values: Values): Promise<{ told: Told; sid: string }> {
    const { req } = this.sessionOf(request) as unknown as { req: Request };
    const ended = await tell(req.session.regenerate());
    const told = ended === 'done' ? await tell(Object.assign(req.session, values).save()) : ended;
    return { told, sid: req.sessionID };
  }

  /** Two things done to one session object, the second so many microtasks after the first began. */
  async together(request: number, [first, second]: readonly [Act, Act], hops: number): Promise<{ told: [Told, Told]; sid: string }> {
    const session = this.sessionOf(request);
    const begun = this.act(session, first);
    for (let hop = 0; hop < hops; hop++) await Promise.resolve();
    const told = await Promise.all([begun, this.act(session, second)]);
    return { told, sid: session.id };
  }

  /** Stores data of which the store does not know where it came from. */
  upsert(sid: string, values: Values): Promise<Told> {
    return tell(this.store.set(sid, dataOf(values)));
  }

  /** Touches a session of which the store does not know where it came from. */
  touchUnknown(sid: string): Promise<Told> {
    return tell(this.store.touch(sid, dataOf()));
  }

  /** What lies under an id; `undefined` where there is no live session. */
  async read(sid: string): Promise<Values | undefined> {
    return valuesOf(await this.store.get(sid));
  }

  prune(): Promise<number> {
    return this.store.prune();
  }

  /** How many events of each name there were since the last call. */
  async takeEvents(): Promise<Record<string, number>> {
    const taken = this.events;
    this.events = {};
    return taken;
  }

  /** The request is over. */
  async forget(request: number): Promise<void> {
    this.requests.delete(request);
  }

  listen(): Promise<string> {
    return this.app.listen();
  }

  /** Resolves when so many HTTP requests wait at the gate. */
  held(count: number): Promise<void> {
    return this.app.held(count);
  }

  async letThrough(): Promise<void> {
    this.app.letThrough();
  }

  async close(): Promise<void> {
    this.app.close();
    await this.store.close();
    await this.whenClosed();
  }

  private act(session: LiveSession, act: Act): Promise<Told> {
    if (act === 'touch') return tell(this.store.touch(session.id, session as unknown as SessionData));
    return tell(session[act]());
  }

  private sessionOf(request: number): LiveSession {
    const session = this.requests.get(request);
    if (!session) throw new Error(`There is no request ${request}.`);
    return session;
  }
}

async function tell(work: Promise<unknown>): Promise<Told> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (error instanceof SessionError) return error.code;
    throw error;
  }
}
