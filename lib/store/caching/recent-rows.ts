import type { SessionRow } from '../../table/session-row.js';
import type { SessionTouch } from '../../table/session-table.js';

/** Characters of data from which a row counts as two, so that the memory stays bounded. */
const ROW_LENGTH = 4_096;

/** A row as it was read. */
interface Entry {
  row: SessionRow;
  /** The place of its read among all reads. */
  readonly order: number;
  /** When its read began, in epoch milliseconds. */
  readonly begunAt: number;
  /** How many rows it counts as. */
  readonly weight: number;
}

/** The reads of one key that are in flight, and how often the key was forgotten meanwhile. */
interface ReadsInFlight {
  count: number;
  generation: number;
}

/** A read in flight, for `keep` or `drop`. */
export interface Reading {
  readonly key: string;
  readonly order: number;
  readonly begunAt: number;
  readonly reads: ReadsInFlight;
  /** The generations of its key, and of all keys, when it began. */
  readonly generation: number;
  readonly epoch: number;
}

/**
 * Rows that were read a moment ago, by their keys. A row counts for `ttlMs` from the beginning of its read. A read that began before its
 * key was forgotten leaves nothing here: each key has a generation while reads of it are in flight, and all keys have one together.
 */
export class RecentRows {
  /** In the order in which they were kept, so the first one ends first. */
  private readonly entries = new Map<string, Entry>();
  /** The key of each session that has a handle: a session is here under one key only, the one that was read last. */
  private readonly keys = new Map<string, string>();
  private readonly inFlight = new Map<string, ReadsInFlight>();
  private weight = 0;
  private order = 0;
  private epoch = 0;
  private isOff = false;

  constructor(
    private readonly ttlMs: number,
    private readonly max: number,
  ) {}

  /** How many rows are here. */
  get size(): number {
    return this.entries.size;
  }

  /** The row of a key if it was read less than `ttlMs` ago, and is live. */
  get(key: string, now: number): SessionRow | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    const { row } = entry;
    // A clock that was set back must not prolong anything.
    const isRecent = now >= entry.begunAt && !this.isOver(entry, now);
    if (isRecent && (row.expiresAt === undefined || row.expiresAt > now)) return row;
    this.remove(key, entry);
    return undefined;
  }

  /** A read of a key begins; it ends with `keep` or `drop`. */
  begin(key: string, now: number): Reading {
    let reads = this.inFlight.get(key);
    if (!reads) {
      reads = { count: 0, generation: 0 };
      this.inFlight.set(key, reads);
    }
    reads.count++;
    return { key, order: ++this.order, begunAt: now, reads, generation: reads.generation, epoch: this.epoch };
  }

  /** A read has found a row, or that there is none; it counts if nothing that it may not know of has happened since it began. */
  keep(reading: Reading, row: SessionRow | undefined): void {
    const { key, order, begunAt } = reading;
    const isValid = this.end(reading);
    const known = this.entries.get(key);
    if (!isValid || (known && known.order > order)) return;
    if (known) this.remove(key, known);
    if (!row || !this.replaceOther(key, row.handle, order)) return;
    const entry = { row, order, begunAt, weight: Math.max(1, Math.ceil(row.data.length / ROW_LENGTH)) };
    this.entries.set(key, entry);
    this.weight += entry.weight;
    if (row.handle) this.keys.set(row.handle, key);
    this.makeRoom(begunAt);
  }

  /** A read has failed. */
  drop(reading: Reading): void {
    this.end(reading);
  }

  /** Forgets a key, and what the reads of it in flight will find. */
  forget(key: string): void {
    const reads = this.inFlight.get(key);
    if (reads) reads.generation++;
    const entry = this.entries.get(key);
    if (entry) this.remove(key, entry);
  }

  /** Forgets a session, whatever its key. Any read in flight may be a read of it, so none of them is kept. */
  forgetHandle(handle: string): void {
    this.epoch++;
    const key = this.keys.get(handle);
    const entry = key === undefined ? undefined : this.entries.get(key);
    if (entry) this.remove(key!, entry);
  }

  /** Forgets the sessions of a user, likewise. */
  forgetUser(userId: string): void {
    this.epoch++;
    for (const [key, entry] of this.entries) if (entry.row.userId === userId) this.remove(key, entry);
  }

  /** Forgets everything, and what all reads in flight will find. */
  forgetAll(): void {
    this.epoch++;
    this.entries.clear();
    this.keys.clear();
    this.weight = 0;
  }

  /** Nothing is kept while it is off. */
  switch(isOn: boolean): void {
    this.isOff = !isOn;
    this.forgetAll();
  }

  /** Applies the times of a touch; `ttlMs` still counts from the read. */
  move({ id, expiresAt, pruneAfter, lastSeenAt }: SessionTouch): void {
    const reads = this.inFlight.get(id);
    if (reads) reads.generation++;
    const entry = this.entries.get(id);
    if (!entry) return;
    const { row } = entry;
    entry.row = {
      ...row,
      expiresAt: later(row.expiresAt, expiresAt),
      pruneAfter: later(row.pruneAfter, pruneAfter),
      lastSeenAt: later(row.lastSeenAt, lastSeenAt),
    };
  }

  private isOver({ begunAt }: Entry, now: number): boolean {
    return now - begunAt >= this.ttlMs;
  }

  /** Whether what it has found counts. */
  private end({ key, reads, generation, epoch }: Reading): boolean {
    if (--reads.count === 0) this.inFlight.delete(key);
    return !this.isOff && reads.generation === generation && this.epoch === epoch;
  }

  /** A session is kept under one key: the one that was read later. False if that is the other key. */
  private replaceOther(key: string, handle: string | undefined, order: number): boolean {
    const otherKey = handle ? this.keys.get(handle) : undefined;
    if (otherKey === undefined || otherKey === key) return true;
    const other = this.entries.get(otherKey)!;
    if (other.order > order) return false;
    this.remove(otherKey, other);
    return true;
  }

  private makeRoom(now: number): void {
    for (const [key, entry] of this.entries) {
      if (this.weight <= this.max && !this.isOver(entry, now)) return;
      this.remove(key, entry);
    }
  }

  private remove(key: string, { row: { handle }, weight }: Entry): void {
    this.entries.delete(key);
    this.weight -= weight;
    if (handle && this.keys.get(handle) === key) this.keys.delete(handle);
  }
}

/** Times of rows move forwards only, and stay undefined without a column. */
const later = (known: number | undefined, moved: number | undefined): number | undefined =>
  known === undefined || moved === undefined ? known : Math.max(known, moved);
