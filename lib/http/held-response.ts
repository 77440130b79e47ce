import type { ServerResponse } from 'node:http';
import { textOf } from '../session.errors.js';
import type { SessionExchange } from './exchange.js';
import { addCookie, headersOf, headOf, keepHead, setHead, setHeaders, setStatus, type Head } from './response-headers.js';

type Arguments = readonly unknown[];
type Method = (...args: unknown[]) => unknown;
/** What sends a part of an answer; `end` also the rest of it. */
type Sender = 'write' | 'flushHeaders' | 'end';

/** Where a response has the one that holds it. */
const HELD = Symbol('held response');

const methodsOf = (res: ServerResponse) => res as unknown as Record<Sender | 'writeHead', Method>;

/** What `end` and `flushHeaders` return is the response; `write` says whether more may follow at once. */
const answerOf = (sender: Sender, res: ServerResponse, mayGoOn: boolean): unknown => (sender === 'write' ? mayGoOn : res);

/**
 * A response whose head waits for the session: it is stored when the answer begins, whether by `end`, `write` or
 * `flushHeaders`, and only then the head leaves with the cookie. So a redirect or a stream never overtakes its session, and
 * a failed save becomes an error response. What is written meanwhile is held. What changes after the head is stored at the end.
 */
export class HeldResponse {
  private readonly raw: Record<Sender | 'writeHead', Method>;
  private readonly ours: Record<Sender | 'writeHead', Method>;
  private headersBefore: Head['headers'];
  /**
   * `open`: nothing has left. `storing`: the answer has begun and waits for the store. `sending`: the head is free. `ending`:
   * the end waits for the store. `failed`: an error takes the place of the answer. `ended`: the rest has left.
   */
  private state: 'open' | 'storing' | 'sending' | 'ending' | 'failed' | 'ended' = 'open';
  /** What is sent when the store has answered. */
  private held: (readonly [sender: Sender, args: Arguments])[] = [];
  private heldBytes = 0;
  private isEndHeld = false;
  private isStream = false;
  private isClosed = false;

  constructor(
    private readonly res: ServerResponse,
    private readonly exchange: SessionExchange,
    /** Gives an error to the request's error handler. Called once at most. */
    private readonly next: (error: unknown) => void,
    private readonly warn: (message: string) => void,
  ) {
    const methods = methodsOf(res);
    this.raw = { write: methods.write, flushHeaders: methods.flushHeaders, end: methods.end, writeHead: methods.writeHead };
    this.headersBefore = headersOf(res);
    this.ours = {
      write: (...args) => this.send('write', args),
      flushHeaders: (...args) => this.send('flushHeaders', args),
      end: (...args) => this.send('end', args),
      writeHead: (...args) => this.writeHead(args),
    };
    Object.assign(res, this.ours);
    (res as ServerResponse & { [HELD]?: HeldResponse })[HELD] = this;
  }

  /** The one that holds a response. */
  static of(res: ServerResponse & { [HELD]?: HeldResponse }): HeldResponse | undefined {
    return res[HELD];
  }

  /** Headers that are set by now are kept, even if an error replaces the response. */
  keepHeaders(): void {
    if (this.state === 'open') this.headersBefore = headersOf(this.res);
  }

  private send(sender: Sender, args: Arguments): unknown {
    switch (this.state) {
      case 'open':
        return this.begin(sender, args);
      case 'storing':
        return this.hold(sender, args);
      case 'sending':
        return this.sendNow(sender, args);
      case 'failed':
        return this.sendError(sender, args);
      case 'ended':
        // Node reports a write after the end itself; a second end is ignored.
        return sender === 'end' ? this.res : this.pass(sender, args);
      default:
        return answerOf(sender, this.res, false);
    }
  }

  private pass(sender: Sender | 'writeHead', args: Arguments): unknown {
    return this.raw[sender].apply(this.res, [...args]);
  }

  private begin(sender: Sender, args: Arguments): unknown {
    this.isStream = sender !== 'end';
    let stored: Promise<void> | undefined;
    try {
      stored = this.exchange.storeSession(true);
      if (!stored) this.addCookie();
    } catch (error) {
      this.fail(error);
      return answerOf(sender, this.res, false);
    }
    if (this.isStream) this.res.once?.('close', () => this.close());
    if (!stored) {
      this.state = 'sending';
      const sent = this.pass(sender, args);
      if (sender === 'end') this.state = 'ended';
      return sent;
    }
    const mayGoOn = this.startHolding(sender, args);
    this.release(stored, headOf(this.res));
    return answerOf(sender, this.res, mayGoOn);
  }

  private startHolding(sender: Sender, args: Arguments): boolean {
    this.state = 'storing';
    // The application has begun its stream: who asks whether the head can still be changed is told no.
    if (this.isStream) this.show('headersSent');
    return this.hold(sender, args) !== false;
  }

  /** Holds a part of the response; as in any stream, the caller must wait above the high-water mark. */
  private hold(sender: Sender, args: Arguments): unknown {
    if (this.isEndHeld) return answerOf(sender, this.res, false);
    this.held.push([sender, args]);
    if (sender === 'end') {
      this.isEndHeld = true;
      // The application has ended its answer: a framework that asks, as Fastify does, must not send another one.
      this.show('writableEnded');
    }
    const [chunk, encoding] = args;
    if (typeof chunk === 'string') this.heldBytes += Buffer.byteLength(chunk, encoding as BufferEncoding);
    else if (chunk instanceof Uint8Array) this.heldBytes += chunk.byteLength;
    return answerOf(sender, this.res, !this.isFull);
  }

  /** Makes the response report now what it reports once the held parts are sent. */
  private show(name: 'headersSent' | 'writableEnded'): void {
    Object.defineProperty(this.res, name, { configurable: true, get: () => true });
  }

  private stopShowing(): void {
    if (this.isEndHeld) Reflect.deleteProperty(this.res, 'writableEnded');
    if (this.isStream) Reflect.deleteProperty(this.res, 'headersSent');
  }

  private get isFull(): boolean {
    return this.heldBytes >= (this.res.writableHighWaterMark || 0);
  }

  private release(stored: Promise<void>, head: Head): void {
    stored.then(() => this.sendHeld(head)).catch((error: unknown) => this.fail(error));
  }

  /** The head as it was when the answer began: what a mistaken handler says after that is no part of it. */
  private async sendHeld(head: Head): Promise<void> {
    // What the handler changed while its stream waited goes with the same head.
    if (this.isStream && this.isEndHeld) await this.exchange.storeSession(true);
    const { res, isFull } = this;
    this.stopShowing();
    setHead(res, head);
    this.addCookie();
    this.state = 'sending';
    const held = this.held;
    this.held = [];
    let sent: unknown;
    for (const [sender, args] of held) sent = this.pass(sender, args);
    if (this.isEndHeld) this.state = 'ended';
    else if (this.isClosed) this.close();
    else if (isFull && sent !== false) res.emit('drain');
  }

  private addCookie(): void {
    const line = this.exchange.setCookie();
    if (line !== undefined) addCookie(this.res, line);
    const siteData = this.exchange.siteDataToClear();
    if (siteData !== undefined) this.res.setHeader('Clear-Site-Data', siteData);
  }

  /** The head has left, or leaves with this. */
  private sendNow(sender: Sender, args: Arguments): unknown {
    if (sender !== 'end') {
      void this.later(() => this.exchange.keepAlive());
      return this.pass(sender, args);
    }
    const stored = this.later(() => this.exchange.storeSession(false));
    if (!stored) {
      const sent = this.pass('end', args);
      this.state = 'ended';
      return sent;
    }
    this.state = 'ending';
    stored
      .then(() => {
        // First, because the `end` of HTTP/2 writes its last part by `write`, which is ours.
        this.state = 'ended';
        this.pass('end', args);
      })
      .catch((error: unknown) => this.breakOff(error));
    return this.res;
  }

  /** A client that goes away in the middle of a stream leaves no `end`. */
  private close(): void {
    this.isClosed = true;
    if (this.state === 'sending') void this.later(() => this.exchange.storeSession(false));
  }

  /** Work for the session once the head has left: a failure is a warning then. The promise never rejects. */
  private later(work: () => Promise<void> | undefined): Promise<void> | undefined {
    try {
      return work()?.catch((error: unknown) => this.warnLate(error));
    } catch (error) {
      this.warnLate(error);
      return undefined;
    }
  }

  private warnLate(error: unknown): void {
    this.warn(`A session could not be stored after its response had begun: ${textOf(error)}`);
  }

  /** The session cannot be stored, or the answer not be sent: while its head has not left, an error takes its place. */
  private fail(error: unknown): void {
    const { res } = this;
    this.stopShowing();
    this.held = [];
    if (res.headersSent) return this.breakOff(error);
    this.state = 'failed';
    this.exchange.discard();
    // A wrapper of the response, such as compression, has ended it already and lets no other one through: put our methods back.
    Object.assign(res, this.ours);
    setHeaders(res, this.headersBefore);
    setStatus(res, 200, '');
    this.next(error);
  }

  /** The answer has begun and cannot be ended as it should. */
  private breakOff(error: unknown): void {
    this.state = 'ended';
    this.warn(`A response was broken off after its head had left: ${textOf(error)}`);
    this.res.destroy();
  }

  /** The answer of the error handler; a stream that failed may go on writing, which is no part of it. */
  private sendError(sender: Sender, args: Arguments): unknown {
    const isStale = this.isStream && this.res.statusCode < 400 && (sender !== 'end' || args.length === 0);
    if (isStale) return answerOf(sender, this.res, false);
    if (sender === 'end') this.state = 'ended';
    return this.pass(sender, args);
  }

  private writeHead(args: Arguments): unknown {
    if (this.state === 'open') keepHead(this.res, args);
    if (this.state === 'open' || this.state === 'storing') return this.res;
    return this.pass('writeHead', args);
  }
}
