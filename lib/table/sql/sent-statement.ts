import type { DataSource } from 'typeorm';

/** A statement as it is sent. */
export interface SentStatement {
  /** The same for the same SQL, and for no other: what the server knows it by. */
  readonly name: string;
  readonly sql: string;
  /** Whether it is worth a place in the memory of each connection, of which a server has a limited number for all of its clients. */
  readonly isFrequent: boolean;
  /** Whether all parameters and results are strings, numbers or NULL: neither TypeORM nor the driver has anything to convert. */
  readonly isPlain: boolean;
}

/** A row as a driver returns it: by field or, where we can choose, the values alone in the order of the statement. */
export type DatabaseRecord = Readonly<Record<string, unknown>> | readonly unknown[];

/** What a statement came to: the rows that it returned, and how many it changed. */
export interface StatementResult {
  readonly records: readonly DatabaseRecord[];
  readonly affected: number;
}

/**
 * How a statement gets to the database. A connection on which it takes longer than `timeoutMs` is given up. Rejects with the error of the
 * driver, or with a `SessionError`.
 */
export type StatementTransport = (
  dataSource: DataSource,
  statement: SentStatement,
  parameters: unknown[],
  timeoutMs: number,
) => Promise<StatementResult>;
