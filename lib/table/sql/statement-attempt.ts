import type { Duplex } from 'node:stream';
import { SessionUnavailableError } from '../../session.errors.js';
import { afterRunning } from '../running-time.js';
import type { StatementResult } from './sent-statement.js';

/** A connection is given up a little later than the operation that waits for it, whose error says more. */
const GRACE_MS = 50;

/**
 * One statement on its way through a driver: the one way out for whatever happens there. What a callback throws rejects the statement
 * instead of ending the process, and neither a connection nor an answer is waited for longer than the timeout.
 */
export class StatementAttempt {
  private isConnected = false;
  private isOver = false;
  private stream: Duplex | undefined;
  private readonly stopWaiting: () => void;

  private constructor(
    private readonly timeoutMs: number,
    private readonly settle: {
      readonly resolve: (result: StatementResult | Promise<StatementResult>) => void;
      readonly reject: (error: unknown) => void;
    },
  ) {
    this.stopWaiting = afterRunning(
      timeoutMs + GRACE_MS,
      this.guard(() => this.giveUp()),
    );
  }

  /** Settles as `begin` says through the attempt. Rejects with what `begin` throws. */
  static run(timeoutMs: number, begin: (attempt: StatementAttempt) => void): Promise<StatementResult> {
    return new Promise((resolve, reject) => {
      const attempt = new StatementAttempt(timeoutMs, { resolve, reject });
      attempt.guard(begin)(attempt);
    });
  }

  /** The callback in a form that drivers, timers and promises may call: what it throws rejects the statement. */
  guard<Given extends unknown[]>(callback: (...given: Given) => void): (...given: Given) => void {
    return (...given) => {
      try {
        callback(...given);
      } catch (error) {
        this.reject(error);
      }
    };
  }

  /**
   * Takes note of the connection, and of the stream that is destroyed when the answer takes too long. False if the attempt is over:
   * the connection must go back unused.
   */
  connected(stream: Duplex | undefined): boolean {
    this.isConnected = true;
    this.stream = stream;
    return !this.isOver;
  }

  resolve(result: StatementResult | Promise<StatementResult>): void {
    this.end();
    this.settle.resolve(result);
  }

  reject(error: unknown): void {
    this.end();
    this.settle.reject(error);
  }

  private end(): void {
    this.isOver = true;
    this.stopWaiting();
  }

  /**
   * A server that lost its power says nothing, and the kernel waits for a quarter of an hour, with one connection of the pool after the
   * other: so the connection is destroyed, and the pool makes another one.
   */
  private giveUp(): void {
    const { isConnected, stream, timeoutMs } = this;
    if (!isConnected) {
      return this.reject(
        new SessionUnavailableError(
          `The database pool gave no connection within ${timeoutMs} ms. Raise its size, or look for connections that are not released.`,
        ),
      );
    }
    this.reject(new SessionUnavailableError(`The database did not answer within ${timeoutMs} ms. Look at its load and at its locks.`));
    stream?.destroy(new Error(`There was no answer within ${timeoutMs} ms.`));
  }
}
