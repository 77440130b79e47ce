import { Inject, Injectable } from '@nestjs/common';
import { parseDuration, type Duration } from '../../store/options/checking/duration.js';
import { SessionOptionsError } from '../../session.errors.js';
import { SessionStore } from '../../store/session-store.js';

/**
 * How long a health check waits.
 *
 * @publicApi
 */
export interface SessionPingCheckOptions {
  /** The longest wait for the database. @default the option `operationTimeout` of the module */
  timeout?: Duration;
}

/**
 * The result of a health check, as Terminus takes it.
 *
 * @publicApi
 */
export type SessionHealthResult<Key extends string = string> = Record<
  Key,
  { status: 'up'; responseTime: number } | { status: 'down'; responseTime: number; message: string }
>;

/**
 * Health of the session store for `@nestjs/terminus` 11 and later, which this package does not import.
 *
 * @example
 * health.check([() => sessions.pingCheck('sessions', { timeout: '1s' })]);
 *
 * @publicApi
 */
@Injectable()
export class SessionHealthIndicator {
  constructor(@Inject(SessionStore) private readonly store: SessionStore) {}

  /**
   * Asks the database once. Resolves to `{ [key]: { status } }` with `'up'`, or with `'down'` and a message without details of the database.
   * Throws `SessionOptionsError` for a wrong `timeout`.
   */
  async pingCheck<Key extends string>(key: Key, { timeout }: SessionPingCheckOptions = {}): Promise<SessionHealthResult<Key>> {
    const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout);
    if (timeout !== undefined && !timeoutMs) {
      throw new SessionOptionsError(
        `The option \`timeout\` of pingCheck is ${timeout}. It must be a duration of more than 0, such as '1s'.`,
      );
    }
    const begun = performance.now();
    const message = await failureOf(this.store.ping(), timeoutMs);
    const responseTime = Math.round(performance.now() - begun);
    const outcome = message === undefined ? { status: 'up' as const, responseTime } : { status: 'down' as const, responseTime, message };
    return { [key]: outcome } as SessionHealthResult<Key>;
  }
}

/** Why a ping failed, in words that may be public; `undefined` if it did not. */
async function failureOf(ping: Promise<void>, timeoutMs: number | undefined): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    if (timeoutMs !== undefined) timer = setTimeout(() => resolve(`There was no answer within ${timeoutMs} ms.`), timeoutMs);
  });
  try {
    return await Promise.race([ping.then(() => undefined, nameOf), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The kind of an error; its message may name tables and hosts. */
function nameOf(error: unknown): string {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  return typeof code === 'string' ? `The ping of the database failed (${code}).` : `The ping of the database failed (${String(name)}).`;
}
