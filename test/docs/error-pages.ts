import { posix } from 'node:path';
import type { ErrorText } from './error-texts.js';
import { pages } from './pages.js';

/** The page of an error that comes from a file about something else, by its class or a piece of its text. */
export const PAGES_OF_TEXTS: readonly (readonly [about: string, page: string])[] = [
  ['SessionCsrfError', '../guides/csrf.md'],
  ['SessionLimitError', '../guides/limits.md'],
  ['after the response had begun', '../guides/sign-in.md'],
  ['got no options', '../start/quick-start.md'],
  ['Telemetry of the session store', '../operate/monitoring.md'],
  ['A listener of the session event', '../operate/monitoring.md'],
  ['`maxSessionsPerUser`', '../guides/limits.md'],
  ['`onLimit`', '../guides/limits.md'],
  ['The option `cache', '../operate/read-cache.md'],
  ['The option `adopt`', '../coming-from/index.md'],
  ['is no part of an adopted table', '../coming-from/index.md'],
  ['to adopt', '../coming-from/index.md'],
  ['columns that the migration adds', '../coming-from/index.md'],
  ['The option `renewAfter`', '../concepts/lifetimes.md'],
  ['`encryption` have the id', '../guides/session-data.md'],
  ['session entity has no column', 'entity.md'],
  ['The callback must be a function', 'store.md'],
  ['returned a promise. It must return its value', 'options.md'],
  ['`migrateIds`', '../coming-from/index.md'],
  ['`update` needs', '../guides/carts.md'],
  ['`session.update`', '../guides/carts.md'],
  ['until `operationTimeout`. Nothing was stored', '../guides/carts.md'],
  ['by this one before its `update`', '../guides/carts.md'],
  ['The lock of ', '../guides/carts.md'],
  ['lock of the session', '../guides/carts.md'],
  ['A session lock needs', '../guides/carts.md'],
  ['Other sign-ins of this user', '../guides/limits.md'],
  ['reserved name', '../guides/session-data.md'],
  ['The cookie of the session ends it', '../guides/stay-signed-in.md'],
  ['A user id must be', 'store.md'],
  ['that no session has', '../operate/migrations.md'],
  ['is missing. Run a migration', '../operate/migrations.md'],
  ['id of this session was renewed', '../concepts/lifetimes.md'],
  ['Keep no', '../guides/session-data.md'],
  ['half of a surrogate pair', '../guides/session-data.md'],
  ['could not be converted', '../operate/migrations.md'],
  ['To …, the entity', '../operate/migrations.md'],
  ['The session entity could not be used', '../operate/migrations.md'],
  ['`genid`', 'options.md'],
  ['The session of this request could not be read', '../operate/outages.md'],
  ['data source of the sessions is closed', '../operate/outages.md'],
  ['Another middleware has put a session', '../start/request.md'],
  ['Another session middleware of this package', '../start/request.md'],
  ['after its response had begun', '../start/request.md'],
  ['after its head had left', '../start/request.md'],
  ['A column of the session table', '../operate/migrations.md'],
  ['The option `connection` is not usable', '../start/databases.md'],
  ['its own connection', '../start/databases.md'],
  ['has no `cookie`', '../guides/session-data.md'],
];

/** The page of the other errors, by the beginning of the path that they come from. */
const PAGES: readonly (readonly [start: string, page: string])[] = [
  ['lib/http/cookie-warning', '../guides/other-origin.md'],
  ['lib/http/csrf', '../guides/csrf.md'],
  ['lib/nest/guarding', '../guides/limits.md'],
  ['lib/nest/locking', '../guides/carts.md'],
  ['lib/nest/sockets', '../integrations/websockets.md'],
  ['lib/nest/start-up/data-source', '../start/databases.md'],
  ['lib/nest/watching', '../operate/monitoring.md'],
  ['lib/nest-add.ts', '../start/quick-start.md'],
  ['lib/nest', '../start/request.md'],
  ['lib/store/options/adopt', '../coming-from/index.md'],
  ['lib/store/options/cookie', '../guides/other-origin.md'],
  ['lib/store/options/csrf', '../guides/csrf.md'],
  ['lib/store/options/lifetime', '../concepts/lifetimes.md'],
  ['lib/store/options/cache', '../operate/read-cache.md'],
  ['lib/table/notices', '../operate/read-cache.md'],
  ['lib/store/options', 'options.md'],
  ['lib/store/serializers', '../guides/session-data.md'],
  ['lib/store/session/session-object', '../guides/session-data.md'],
  ['lib/store/session/codec', '../guides/session-data.md'],
  ['lib/store/users/lister', 'store.md'],
  ['lib/store/users/revoker', '../guides/devices.md'],
  ['lib/store/users', '../guides/sign-in.md'],
  ['lib/store/login-arguments', '../guides/sign-in.md'],
  ['lib/store/owner', '../guides/limits.md'],
  ['lib/store/work/lock', '../guides/carts.md'],
  ['lib/store/work/pruner', '../operate/pruning.md'],
  ['lib/store/work/reader', '../guides/session-data.md'],
  ['lib/store/work/id-migration', '../coming-from/index.md'],
  ['lib/store/work', '../concepts/merge.md'],
  ['lib/store/compose', '../start/databases.md'],
  ['lib/store/batching', '../operate/outages.md'],
  ['lib/store/runtime', '../operate/outages.md'],
  ['lib/store/start-up', '../operate/outages.md'],
  ['lib/table/entity', '../operate/migrations.md'],
  ['lib/table/session.migration', '../operate/migrations.md'],
  ['lib/table/checking/connection', '../start/databases.md'],
  ['lib/table/checking', '../operate/migrations.md'],
  ['lib/table/migrating', '../operate/migrations.md'],
  ['lib/table/databases/sqlite', '../start/databases.md'],
  ['lib/table/databases', '../start/databases.md'],
  ['lib/table', '../operate/outages.md'],
  ['lib/testing', '../testing/index.md'],
  ['lib/session.errors', '../concepts/logout.md'],
  ['lib', 'troubleshooting.md'],
];

/** Where the reader of an error finds more, as a link. */
export function pageFor(error: ErrorText): string {
  const link = ofText(error) ?? PAGES.find(([start]) => error.path.startsWith(start))![1];
  return `[${titleOf(link)}](${link})`;
}

const ofText = ({ kind, text }: ErrorText): string | undefined =>
  PAGES_OF_TEXTS.find(([about]) => about === kind || text.includes(about))?.[1];

function titleOf(link: string): string {
  const path = posix.join('docs/reference', link);
  const { text } = pages.find((page) => page.path === path)!;
  return /^# (.+)$/m.exec(text)![1]!;
}
