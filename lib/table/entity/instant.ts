/**
 * How a column that holds date and time holds an instant. In UTC on the way in, out and in comparisons, as strings and numbers that
 * neither the zone of the process or the session nor a setting of the driver can bend.
 */
export interface InstantForm {
  /** From epoch milliseconds to the parameter of a statement. */
  readonly encode: (epochMs: number) => string;
  /** The expression that reads the column. */
  readonly read: (sql: string) => string;
  /** The type that its parameters are cast to, where that of the column alone would not do. */
  readonly cast?: string;
  /** From what that expression returns to epoch milliseconds. */
  readonly decode: (raw: unknown) => number;
}

/** Date and time in UTC, without a zone: `2026-01-01 00:00:00.000`. */
export const utcText = (epochMs: number): string => new Date(epochMs).toISOString().replace('T', ' ').slice(0, -1);

/** The same as ISO 8601, by which libraries write it that hold it as text. */
export const isoText = (epochMs: number): string => new Date(epochMs).toISOString();

/** Text that a database holds as it is. What has no zone is in UTC. */
export const textInstant: InstantForm = {
  encode: utcText,
  read: (sql) => sql,
  decode(raw) {
    const text = String(raw)
      .replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d)/, '$1T$2')
      .replace(/ (?=[+-])/, '');
    return new Date(/T\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${text}Z` : text).getTime();
  },
};
