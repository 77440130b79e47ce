/**
 * Specs that replace a clock, a module or a global, that count what is loaded, or whose data source loads every entity that any spec has
 * registered (`autoLoadEntities`).
 */
export const ALONE: readonly string[] = [
  'answers-wrong',
  'closed-data-source',
  'cookie-warning',
  'entity-names',
  'exit',
  'express-middleware',
  'express-store',
  'fastify',
  'module-connection',
  'module-connection-apart',
  'module-data-source',
  'module-isolation',
  'not-silent',
  'other-middleware',
  'outage',
  'raw-debug',
  'raw-dump',
  'replaced-session',
  'require-session',
  'sample-01',
  'sample-02',
  'session-lock-lost',
  'session-lock-wait',
  'shutdown',
  'shutdown-load',
  'throw-everywhere',
].map((name) => `test/e2e/${name}.spec.ts`);
