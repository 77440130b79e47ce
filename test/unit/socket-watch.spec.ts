import { EventEmitter } from 'node:events';
import type { SessionStore } from 'nestjs-typeorm-session';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SocketWatch } from '../../lib/nest/sockets/socket-watch.js';

const HEARTBEAT = 30_000;
const HANDLE = '0'.repeat(31);

/** A store that knows which handles live. */
class Sessions extends EventEmitter {
  readonly live = new Set<string>();
  readonly requests = { endedIn: () => undefined };
  readonly asked: unknown[] = [];
  error: Error | undefined;

  async find(handle: string) {
    this.asked.push(handle);
    if (this.error) throw this.error;
    return this.live.has(handle) ? { handle } : undefined;
  }
}

class Client extends EventEmitter {
  readonly request: object;
  isCut = false;

  constructor(sessionStore: Sessions, handle: string | undefined) {
    super();
    this.request = { sessionStore, session: { handle } };
  }

  disconnect() {
    this.isCut = true;
    this.emit('disconnect');
  }
}

describe('the watch over sockets', () => {
  const warnings: string[] = [];
  let sessions: Sessions;
  let watch: SocketWatch;
  const connect = (handle: string | undefined): Client => {
    const client = new Client(sessions, handle);
    watch.add(client);
    return client;
  };
  const beat = () => vi.advanceTimersByTimeAsync(HEARTBEAT);

  beforeEach(() => {
    vi.useFakeTimers();
    warnings.length = 0;
    sessions = new Sessions();
    watch = new SocketWatch(sessions as unknown as SessionStore, HEARTBEAT, (message) => warnings.push(message));
  });
  afterEach(() => vi.useRealTimers());

  it('asks for one handle once a heartbeat, and cuts a socket when it is not there', async () => {
    sessions.live.add(`${HANDLE}1`).add(`${HANDLE}a`).add(`${HANDLE}f`);
    const [one, last] = [connect(`${HANDLE}1`), connect(`${HANDLE}f`)];
    await beat();
    expect(sessions.asked).toEqual([`${HANDLE}1`, `${HANDLE}f`]);
    expect([one.isCut, last.isCut]).toEqual([false, false]);
    sessions.live.delete(`${HANDLE}f`);
    await vi.advanceTimersByTimeAsync(HEARTBEAT - 1);
    expect([one.isCut, last.isCut]).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect([one.isCut, last.isCut]).toEqual([false, true]);
  });

  it('asks for nothing once a socket has gone, nor for one without a row', async () => {
    connect(`${HANDLE}1`).emit('disconnect');
    connect(undefined);
    await beat();
    await beat();
    expect(sessions.asked).toEqual([]);
  });

  it('leaves alone what no session has, and what it knows already', async () => {
    watch.add(new EventEmitter());
    const client = connect(`${HANDLE}1`);
    watch.add(client);
    expect(vi.getTimerCount()).toBe(1);
    expect(client.listenerCount('disconnect')).toBe(1);
  });

  it('warns of an error that is no outage, and cuts nobody for it', async () => {
    const client = connect(`${HANDLE}1`);
    sessions.error = new Error('a mistake');
    await beat();
    expect(client.isCut).toBe(false);
    expect(warnings).toEqual(['The session of a socket could not be checked: Error: a mistake']);
  });

  it('warns of a socket that cannot be cut, and cuts the others', () => {
    const [broken, other] = [connect(`${HANDLE}1`), connect(`${HANDLE}1`)];
    broken.disconnect = () => {
      throw new Error('a mistake');
    };
    sessions.emit('destroyed', { handle: `${HANDLE}1` });
    sessions.emit('destroyed', {});
    expect(other.isCut).toBe(true);
    expect(warnings).toEqual(['A socket whose session has ended could not be closed: Error: a mistake']);
  });
});
