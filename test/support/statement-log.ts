import type { Logger } from 'typeorm';

/** The SQL that a data source runs, as its `logger` is told. */
export class StatementLog implements Logger {
  private statements: string[] = [];
  /** All that was logged, parameters included, as a careless application would keep it. */
  readonly everything: string[] = [];

  logQuery(query: string, parameters?: unknown[] | object): void {
    this.statements.push(query.replace(/^SET STATEMENT \S+ FOR /, ''));
    this.everything.push(query, JSON.stringify(parameters));
  }

  logQueryError(error: string | Error, query: string, parameters?: unknown[] | object): void {
    this.everything.push(String(error), query, JSON.stringify(parameters));
  }

  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}

  /** The first words of the statements since the last call, as in `['SELECT', 'UPDATE']`. */
  take(): string[] {
    const taken = this.statements.map((statement) => /^\w+/.exec(statement)![0].toUpperCase());
    this.statements = [];
    return taken;
  }
}
