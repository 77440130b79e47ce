/** What a field holds, and so which columns can hold it and what is checked before a value is stored. */
export type FieldKind =
  /** A session id or its hash. */
  | 'id'
  /** The serialized session. */
  | 'payload'
  /** A string of the application's that rows are found by. */
  | 'name'
  /** 32 hexadecimal digits. */
  | 'handle'
  /** A string that people read and no row is found by. */
  | 'description'
  /** Epoch milliseconds. */
  | 'instant'
  /** Epoch hours. */
  | 'hour'
  /** A whole number. */
  | 'counter';

/** What there is to know of a field. */
interface FieldFacts {
  readonly kind: FieldKind;
  /** The length of the default column, if it is not that of its kind. */
  readonly length?: number;
  /** Whether the column may be NULL. @default false */
  readonly isNullable?: true;
  /** Whether the default column has an index of its own. @default false */
  readonly isIndexed?: true;
  /** Whether a save of a stored session replaces it. @default false */
  readonly isSaved?: true;
  /** Whether a touch moves it. @default false */
  readonly isTouched?: true;
  /** Whether lists of sessions show it. @default false */
  readonly isListed?: true;
  /** The optional feature that it belongs to: a new row may leave it out. @default none, every row has it */
  readonly feature?: 'metadata' | 'renewal';
}

/**
 * The fields of a session row, in the order of the columns: the one list from which its type, the mapping of columns, the default
 * entity, reading, writing and listing follow. A field for which the entity has no column is `undefined` when read and left out when
 * written.
 */
const FIELDS = {
  /** The stored key: the hash of the session id, or with `hashIds: false` the id itself. Compared exactly. */
  id: { kind: 'id' },
  /** The serialized session, opaque to the table. */
  data: { kind: 'payload', isSaved: true },
  /** Epoch milliseconds from which the session is over. */
  expiresAt: { kind: 'instant', isSaved: true, isTouched: true, isListed: true },
  /** Epoch hours, rounded up, from which the row may be removed. */
  pruneAfter: { kind: 'hour', isIndexed: true, isSaved: true, isTouched: true },
  /** Epoch milliseconds. */
  createdAt: { kind: 'instant', isListed: true },
  /** Epoch milliseconds. */
  lastSeenAt: { kind: 'instant', isSaved: true, isTouched: true, isListed: true },
  /** 1 after the insert, raised by each write of `data`. */
  version: { kind: 'counter' },
  /** What the option `userId` finds in the session. */
  userId: { kind: 'name', isNullable: true, isIndexed: true, isSaved: true, isListed: true },
  /** The public name of the session: 32 hexadecimal digits. */
  handle: { kind: 'handle', isListed: true },
  /** The address of the client. */
  ipAddress: { kind: 'description', length: 45, isNullable: true, isListed: true, feature: 'metadata' },
  /** The client's description of itself. */
  userAgent: { kind: 'description', isNullable: true, isListed: true, feature: 'metadata' },
  /** The id before the last renewal: until `previousUntil` it finds the row, too. */
  previousId: { kind: 'id', isNullable: true, isIndexed: true, feature: 'renewal' },
  /** Epoch milliseconds. */
  previousUntil: { kind: 'instant', isNullable: true, feature: 'renewal' },
} as const satisfies Record<string, FieldFacts>;

type Fields = typeof FIELDS;

/** A field of a session row, and its name in the `columns` option. */
export type SessionField = keyof Fields;

/** The fields with this fact. */
type FieldWith<Fact> = { [Field in SessionField]: Fields[Field] extends Fact ? Field : never }[SessionField];

/** The fields that lists of sessions show. */
export type ListedField = FieldWith<{ isListed: true }>;

/** The fields that a save of a stored session replaces. */
export type SavedField = FieldWith<{ isSaved: true }>;

/** Of these, the ones with an index: a save in place leaves them as they are. */
export type IndexedSavedField = FieldWith<{ isSaved: true; isIndexed: true }>;

/** The fields that a touch moves. */
export type TouchedField = FieldWith<{ isTouched: true }>;

/** The fields of optional features. */
export type OptionalField = FieldWith<{ feature: string }>;

/** The fields of the renewal, which the default entity has only if it is asked for. */
export type RenewalField = FieldWith<{ feature: 'renewal' }>;

type Value<Facts extends FieldFacts> =
  | (Facts['kind'] extends 'instant' | 'hour' | 'counter' ? number : string)
  | (Facts extends { isNullable: true } ? null : never)
  | (Facts['kind'] extends 'id' | 'payload' ? (Facts extends { isNullable: true } ? undefined : never) : undefined);

const HASH = /^[0-9a-f]{64}$/;

/** Whether an id is a hash, which needs no exact comparison: two that differ do so under every collation. */
export const isHash = (id: string): boolean => HASH.test(id);

/** One session as it lies in the table. */
export type SessionRow = { readonly [Field in Exclude<SessionField, OptionalField>]: Value<Fields[Field]> } & {
  readonly [Field in OptionalField]?: Value<Fields[Field]>;
};

/** All fields, in the order of the columns. */
export const SESSION_FIELDS = Object.keys(FIELDS) as readonly SessionField[];

/** What there is to know of each field. */
export const FIELD_FACTS: Readonly<Record<SessionField, FieldFacts>> = FIELDS;

const fieldsWith = (fits: (facts: FieldFacts) => boolean | undefined): readonly SessionField[] =>
  SESSION_FIELDS.filter((field) => fits(FIELD_FACTS[field]));

/** What a save replaces in a row that is there, apart from its version. */
export const SAVED_FIELDS = fieldsWith(({ isSaved }) => isSaved);
/** The same where what has an index stays. */
export const SAVED_IN_PLACE_FIELDS = fieldsWith(({ isSaved, isIndexed }) => isSaved && !isIndexed);
/** What a touch moves, and what it moves while the hour after which the row is pruned stays the same. */
export const TOUCHED_FIELDS = fieldsWith(({ isTouched }) => isTouched);
export const TOUCHED_IN_HOUR_FIELDS = fieldsWith(({ isTouched, kind }) => isTouched && kind !== 'hour');
/** What lists of sessions show. */
export const LISTED_FIELDS = fieldsWith(({ isListed }) => isListed);

/** What `data` is where its column holds NULL, or JSON null: no session in any format. */
export const NO_DATA = 'null';

/** An hour of `pruneAfter` in milliseconds. */
export const HOUR_MS = 3_600_000;

/** Epoch milliseconds to the epoch hours of `pruneAfter`: coarse, because an index on a value that each touch moves doubles its cost. */
export const toPruneHour = (expiresAt: number): number => Math.ceil(expiresAt / HOUR_MS);
