import { SessionEntityError, type SessionError } from '../../session.errors.js';
import { isOfValue } from '../failure-kind.js';
import { nameOfRegistered } from '../entity/entity-name.js';
import { isHash, type SessionField, type SessionRow } from '../session-row.js';
import type { SessionPage, SessionSearch } from '../session-table.js';
import type { SessionColumn } from '../entity/columns.js';
import { ownColumnOf } from '../entity/own-column.js';
import type { Values } from '../sql/bound-statement.js';
import type { MultiRowName, Statement, StatementName, TableShape } from '../sql/dialect.js';
import { locateOrder } from '../sql/standard.dialect.js';
import { MAX_ROWS } from '../sql/statement.js';

/** What the reader needs of the runner of statements. */
interface Runner {
  ready(): Promise<TableShape>;
  check(): TableShape;
  read(name: StatementName, values: Values): Promise<SessionRow[]>;
  readBy(name: string, build: (shape: TableShape) => Statement, values: Values, own?: SessionColumn): Promise<SessionRow[]>;
  readBatch(operation: 'find', rows: readonly Values[], values: Values): Promise<SessionRow[]>;
  number(name: StatementName, values: Values): Promise<number>;
  batchSize(operation: MultiRowName, rows: number): number;
}

/** What a `SessionTable` reads, as its contract says. */
export class TableReader {
  constructor(private readonly runner: Runner) {}

  async find(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    const [first] = ids;
    return ids.length === 1 ? this.findOne(first!, now) : this.findSeveral(ids, now);
  }

  /** The first of these ids that names a live row; all are asked for in one statement, if the database can. */
  async findAny(ids: readonly string[], now: number): Promise<SessionRow | undefined> {
    const rows = await (this.fitsBatch('find', ids) ? this.findTogether(ids, now) : this.findSeveral(ids.toReversed(), now));
    return ids.map((id) => rows.find((row) => row?.id === id)).find(Boolean);
  }

  async findPrevious(previousId: string, now: number): Promise<SessionRow | undefined> {
    const [row] = await this.runner.read('findPrevious', { previousId, previousUntil: now, now });
    return row?.previousId === previousId ? row : undefined;
  }

  async page(page: SessionPage): Promise<SessionRow[]> {
    await this.need('handle', 'list sessions');
    if (page.userId !== undefined) await this.need('userId', 'list the sessions of a user');
    const rows = await this.runner.readBy('page', (shape) => shape.dialect.page(shape, page), { ...page });
    const wanted = rows.filter(({ userId }) => page.userId === undefined || page.userId === userId);
    const last = rows.at(-1)?.handle;
    if (rows.length < page.limit || wanted.length === rows.length || !last) return wanted;
    return [...wanted, ...(await this.page({ ...page, limit: page.limit - wanted.length, after: last }))];
  }

  async locate(search: SessionSearch): Promise<SessionRow[]> {
    const { userId, handle, own, createdUntil, after, limit } = search;
    if (userId !== undefined) await this.need('userId', 'end the sessions of a user');
    if (handle !== undefined) await this.need('handle', 'end a session by its handle');
    if (createdUntil !== undefined) await this.need('createdAt', 'end the sessions that are older than something');
    const shape = await this.runner.ready();
    const column = own && ownColumnOf(shape, own);
    const { field } = locateOrder(shape);
    const values = { userId, handle, createdUntil, after: after?.[field as 'id' | 'handle'], limit, own: own?.value };
    const found = this.runner.readBy('locate', (known) => known.dialect.locate(known, search), values, column);
    const rows = await (own ? found.catch(noneOfUnfit) : found);
    const wanted = rows.filter((row) => userId === undefined || row.userId === userId);
    const last = rows.at(-1);
    if (rows.length < limit || wanted.length === rows.length || last === undefined) return wanted;
    return [...wanted, ...(await this.locate({ ...search, limit: limit - wanted.length, after: last }))];
  }

  scan({ after, limit, now }: { after?: string | undefined; limit: number; now: number }): Promise<SessionRow[]> {
    return this.runner.readBy('scan', (shape) => shape.dialect.scan(shape, limit, after === undefined), { after, limit, now });
  }

  /** The ids of rows, live or not, in their order. */
  async ids({ after, limit }: { after?: string | undefined; limit: number }): Promise<string[]> {
    const build = (shape: TableShape) => shape.dialect.idsInOrder(shape, limit, after === undefined);
    const rows = await this.runner.readBy('idsInOrder', build, { after, limit });
    return rows.map(({ id }) => id);
  }

  async count({ userId, now }: { userId?: string | undefined; now: number }): Promise<number> {
    if (userId === undefined) return this.runner.number('count', { now });
    await this.need('userId', 'count the sessions of a user');
    return (await this.runner.read('idsOfUser', { userId, now })).filter((row) => row.userId === userId).length;
  }

  /** The id and version of a row, live or not. */
  async stateOf(id: string): Promise<Pick<SessionRow, 'version'> | undefined> {
    const [row] = await this.runner.read('findId', { id });
    return row?.id === id ? row : undefined;
  }

  async exists(id: string): Promise<boolean> {
    return (await this.stateOf(id)) !== undefined;
  }

  /**
   * Whether one statement can do it for all of these rows: hashes differ under every collation, and no row comes twice. A read may find
   * more than it looks for.
   */
  fitsBatch(operation: MultiRowName, ids: readonly string[]): boolean {
    if (ids.length < 2 || ids.length > this.runner.batchSize(operation, MAX_ROWS)) return false;
    const isText = operation === 'find' && this.runner.check().columns.id.isText;
    return (isText || ids.every(isHash)) && new Set(ids).size === ids.length;
  }

  private async findOne(id: string, now: number): Promise<[SessionRow | undefined]> {
    const [row] = await this.runner.read('find', { id, now });
    return [row?.id === id ? row : undefined];
  }

  private async findSeveral(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    if (this.fitsBatch('find', ids)) return this.findTogether(ids, now);
    const found: (SessionRow | undefined)[] = [];
    for (const id of ids) found.push(...(await this.findOne(id, now)));
    return found;
  }

  private async findTogether(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    const rows = await this.runner.readBatch('find', ids.map(toId), { now });
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id));
  }

  private async need(field: SessionField, purpose: string): Promise<void> {
    const { columns, metadata } = await this.runner.ready();
    if (columns[field]) return;
    throw new SessionEntityError(
      `To ${purpose}, the entity ${nameOfRegistered(metadata)} needs a column for ${field}. Add it and name it in \`columns.${field}\`.`,
    );
  }
}

/** No row has a value that its column cannot hold. */
function noneOfUnfit(error: unknown): [] {
  if (isOfValue((error as SessionError).cause)) return [];
  throw error;
}

export const toId = (id: string) => ({ id });
