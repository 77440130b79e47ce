import { textOf, SessionUnavailableError } from '../../session.errors.js';
import type { SessionStore } from '../../store/session-store.js';
import { requestOfSocket, type HandlerRequest } from '../request-of.js';

/** A client of Socket.IO, which has `disconnect`, or of ws, which has `close`. */
export interface WatchedClient {
  once(event: string, listener: () => void): unknown;
  removeAllListeners(event: string): unknown;
  disconnect?(isWholeConnection: boolean): unknown;
  close?(code: number, reason: string): unknown;
}

/** The code with which a socket of ws is closed: that of HTTP in the range that applications may use. */
const SESSION_ENDED = 4401;

/**
 * Cuts sockets whose session has ended: at once if it was ended in this process, else at their next heartbeat. A session is
 * known by its handle, so a new id changes nothing. A socket whose session has no row yet is left alone.
 */
export class SocketWatch {
  private readonly beats = new Map<WatchedClient, NodeJS.Timeout>();

  constructor(
    private readonly store: SessionStore,
    private readonly heartbeatMs: number,
    private readonly warn: (message: string) => void,
  ) {
    store.on('destroyed', ({ handle }) => {
      if (handle === undefined) return;
      for (const client of this.beats.keys()) if (this.handleOf(client) === handle) this.cut(client);
    });
  }

  /** Watches a client until it has gone. A client that several gateways know is watched once. */
  add(client: WatchedClient): void {
    if (this.beats.has(client) || !requestOfSocket(client)?.sessionStore) return;
    this.schedule(client);
    client.once(client.disconnect ? 'disconnect' : 'close', () => this.forget(client));
  }

  private schedule(client: WatchedClient): void {
    const beat = setTimeout(() => void this.beat(client), this.heartbeatMs);
    // An open socket keeps the process, not its heartbeat.
    beat.unref();
    this.beats.set(client, beat);
  }

  private async beat(client: WatchedClient): Promise<void> {
    const handle = this.handleOf(client);
    const isOver = handle !== undefined && (await this.hasEnded(handle));
    if (!this.beats.has(client)) return;
    if (isOver) this.cut(client);
    else this.schedule(client);
  }

  /** While the database does not answer, nobody's session is over. */
  private async hasEnded(handle: string): Promise<boolean> {
    try {
      return (await this.store.find(handle)) === undefined;
    } catch (error) {
      if (!(error instanceof SessionUnavailableError)) this.warn(`The session of a socket could not be checked: ${textOf(error)}`);
      return false;
    }
  }

  /** The session that a handler has ended is no longer on the request. */
  private handleOf(client: WatchedClient): string | undefined {
    const req = requestOfSocket(client) as HandlerRequest;
    return (req.session ?? this.store.requests.endedIn(req))?.handle;
  }

  private cut(client: WatchedClient): void {
    this.forget(client);
    try {
      if (client.disconnect) {
        client.disconnect(true);
      } else {
        // What arrives until the client has answered is handled by nobody.
        client.removeAllListeners('message');
        client.close?.(SESSION_ENDED, 'The session has ended.');
      }
    } catch (error) {
      this.warn(`A socket whose session has ended could not be closed: ${textOf(error)}`);
    }
  }

  private forget(client: WatchedClient): void {
    clearTimeout(this.beats.get(client));
    this.beats.delete(client);
  }
}
