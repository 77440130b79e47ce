import type { DynamicModule } from '@nestjs/common';
import type { FakeSessionOptions } from './fake-session.options.js';

/**
 * Stands in for `SessionModule` in tests of controllers: sessions in a map, without a driver and without a database.
 * `@Session()`, `@SessionHandle()`, `@SessionLock()`, guards, and `SessionStore` by injection work as they do on a database.
 * A client that keeps cookies keeps its session, too.
 *
 * @example
 * Test.createTestingModule({ imports: [FakeSessionModule.forRoot({ data: { userId: 'ada' } })], controllers: [CartController] })
 *
 * @publicApi
 */
export class FakeSessionModule {
  /** Nest takes the promise in `imports`. Rejects with `SessionOptionsError` for wrong options. */
  static async forRoot(options: FakeSessionOptions = {}): Promise<DynamicModule> {
    // Not before it is needed: signedInCookie() works where there is no Nest.
    const { fakeSessions } = await import('./fake-sessions.js');
    return fakeSessions(options);
  }
}
