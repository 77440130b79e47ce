import type { DataSourceOptions } from 'typeorm';
import { SessionOptionsError } from '../../session.errors.js';
import { aBoolean, show } from './rules.js';

/** Where the options of a data source have the address of a server. */
interface Addressed {
  readonly url?: unknown;
  readonly replication?: { readonly master?: Addressed; readonly slaves?: readonly Addressed[] };
}

/** TypeORM takes characters in a password that a URL may not have. */
const URL_LIKE = /^[a-z][a-z\d+.-]*:\/\/\S+$/i;

/** Throws `SessionOptionsError` for options with which a data source of our own can never be opened; a URL is not quoted. */
export function checkConnection(connection: DataSourceOptions, isFile: boolean): void {
  const { synchronize, database } = connection as { synchronize?: unknown; database?: unknown };
  if (synchronize !== undefined && !aBoolean[0](synchronize)) {
    throw wrong('synchronize', show(synchronize), `${aBoolean[1]}, without quotation marks; left out, the table is made`);
  }
  const { url, replication } = connection as Addressed;
  const urls: unknown[] = [url, replication?.master?.url, ...(replication?.slaves ?? []).map((slave) => slave.url)];
  if (urls.some((each) => each !== undefined && !(typeof each === 'string' && URL_LIKE.test(each)))) {
    throw wrong('url', 'no URL', 'one such as postgres://user:password@host:5432/database; take it from the environment');
  }
  if (isFile && !(typeof database === 'string' && database !== '') && !(database instanceof Uint8Array)) {
    throw wrong(
      'database',
      database === undefined ? 'missing' : show(database),
      "the path of a file, such as 'sessions.sqlite', or ':memory:'",
    );
  }
}

const wrong = (name: string, shown: string, expected: string): SessionOptionsError =>
  new SessionOptionsError(`The session option \`connection.${name}\` is ${shown}. It must be ${expected}.`);
