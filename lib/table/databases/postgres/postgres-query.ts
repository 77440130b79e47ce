/** A connection of the `pg` driver as the queries that are submitted to it use it. */
export interface PostgresConnection {
  /** The texts of the statements that the server has prepared, by name, and of those that it was asked to. */
  readonly parsedStatements: Readonly<Record<string, string>>;
  readonly submittedNamedStatements?: Record<string, string>;
  readonly stream: { cork?(): void; uncork?(): void };
  parse(statement: { readonly name: string; readonly text: string }): void;
  bind(portal: { readonly statement: string; readonly values: readonly (string | null)[] }): void;
  execute(portal: object): void;
  sync(): void;
}

/** Rows of strings, and how many rows there were or were changed. */
export interface PostgresResult {
  readonly rows: readonly (string | null)[][];
  readonly rowCount: number;
}

/** A value that the database takes and returns as a string. */
export type Plain = string | number | null;

type Callback = (error: unknown, result?: PostgresResult) => void;

/**
 * A named statement whose parameters and values are plain, as a query of our own: `pg` takes any that has `submit`, as those of
 * `pg-cursor`. The driver's own has the server describe the columns each time, looks up how to convert each of them, and copies
 * each row into an object.
 *
 * Name, text and values are its only properties: code that traces queries may send a copy of them, which the driver takes for a query
 * of its own.
 */
export class PostgresQuery implements PostgresResult {
  /** Set by the driver, to what `client.query` was called with. */
  callback: Callback | undefined;
  readonly #rows: (string | null)[][] = [];
  #rowCount = 0;

  constructor(
    readonly name: string,
    readonly text: string,
    private readonly values: readonly Plain[],
  ) {}

  get rows(): (string | null)[][] {
    return this.#rows;
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  submit(connection: PostgresConnection): null {
    const { name, text, values } = this;
    const { parsedStatements, submittedNamedStatements, stream } = connection;
    // One packet for all messages.
    stream.cork?.();
    try {
      if (parsedStatements[name] === undefined && submittedNamedStatements?.[name] === undefined) {
        connection.parse({ name, text });
        if (submittedNamedStatements) submittedNamedStatements[name] = text;
      }
      connection.bind({ statement: name, values: values.map(toText) });
      connection.execute({});
      connection.sync();
    } finally {
      stream.uncork?.();
    }
    return null;
  }

  handleDataRow({ fields }: { readonly fields: (string | null)[] }): void {
    this.#rows.push(fields);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rowCount = Number(text.slice(text.lastIndexOf(' ')));
  }

  handleReadyForQuery(): void {
    this.callback?.(null, this);
  }

  handleError(error: unknown): void {
    this.callback?.(error);
  }
}

const toText = (value: Plain): string | null => (value === null ? null : String(value));
