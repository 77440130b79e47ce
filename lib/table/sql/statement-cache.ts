import { SessionEntityError, SessionError } from '../../session.errors.js';
import type { SessionColumn } from '../entity/columns.js';
import { prepare, type BoundStatement, type Values } from './bound-statement.js';
import type { MultiRowName, Statement, StatementName, TableShape } from './dialect.js';
import { isOneOfFew, sizeOf } from './multi-row.js';
import { FREQUENT } from './statement-traits.js';

/** Reads that are kept: more than an application has, unless it asks for another number of rows each time. */
const MAX_READS = 64;

export type BuildStatement = (shape: TableShape) => Statement;

/** The statements of one table: each is built at its first use, which costs more than most of them take to run. */
export class StatementCache {
  private readonly statements = new Map<string, BoundStatement>();
  private readonly reads = new Map<string, BoundStatement>();

  /** A statement that is always the same. */
  get(name: StatementName, shape: TableShape): BoundStatement {
    const known = this.statements.get(name);
    if (known) return known;
    const statement = viaTypeOrm(() => shape.dialect[name]!(shape));
    const prepared = prepare(shape, statement, FREQUENT.has(name));
    return statement.reusable ? this.keep(name, prepared) : prepared;
  }

  /** A statement for several rows; `undefined` if there is none. */
  forRows(operation: MultiRowName, rows: number, shape: TableShape): BoundStatement | undefined {
    const form = shape.dialect.multiRow[operation];
    if (!form) return undefined;
    const size = sizeOf(form, rows);
    const name = `${operation} ${size}`;
    const known = this.statements.get(name);
    if (known) return known;
    const statement = viaTypeOrm(() => form.build(shape, size));
    if (!statement || (operation === 'insert' && !this.get('insert', shape))) return undefined;
    return this.keep(name, prepare(shape, statement, isOneOfFew(form, size)));
  }

  /** A read whose SQL depends on which of the values are there, on the limit, and on the application's column in `shape.own`. */
  forValues(read: string, values: Values, shape: TableShape, build: BuildStatement): BoundStatement {
    const name = [read, ...presentIn(values), values.limit, propertyOf(shape.own)].join(' ');
    const known = this.reads.get(name);
    if (known) return known;
    const statement = viaTypeOrm(() => build(shape));
    const prepared = prepare(shape, statement);
    if (!statement.reusable) return prepared;
    if (this.reads.size >= MAX_READS) this.reads.delete(this.reads.keys().next().value!);
    this.reads.set(name, prepared);
    return prepared;
  }

  private keep(name: string, statement: BoundStatement): BoundStatement {
    this.statements.set(name, statement);
    return statement;
  }
}

/** `null` is compared in another way than a value. */
function presentIn(values: Values): string[] {
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return present.map(([name, value]) => (value === null ? `${name}:null` : name));
}

const propertyOf = (own: SessionColumn | undefined): string | undefined => own?.metadata.propertyPath;

/** Runs code of TypeORM's, which runs naming strategies and loggers of the application. */
export function viaTypeOrm<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SessionError) throw cause;
    throw new SessionEntityError('The session entity could not be used. See `cause`, and correct the entity or the data source.', {
      cause,
    });
  }
}
