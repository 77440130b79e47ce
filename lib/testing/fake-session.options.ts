import type { SessionModuleOptions } from '../store/options/session-options.js';
import type { SessionData } from '../store/session-data.js';

/** The options that say where sessions are kept: they are kept in a map. */
type Keeping = 'dataSource' | 'connection' | 'entity' | 'columns' | 'preparedStatements' | 'cache' | 'prune' | 'renewAfter';

/**
 * What each session of a test begins with, and the options of `SessionModule` that a test is about.
 *
 * @publicApi
 */
export interface FakeSessionOptions extends Partial<Omit<SessionModuleOptions, Keeping>> {
  /** What a request without a session of its own finds in it. It is stored, so that it has a handle. @default nothing */
  data?: Partial<SessionData>;
}
