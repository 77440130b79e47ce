/** Of the two batches that are in flight on a near database, each takes about this long, in milliseconds. */
const WORK_MS = 0.5;
const NEAR = 2;
/** Lone statements in one window; the shortest of this window and of the one before counts. */
const WINDOW = 32;

/**
 * How far away the database is, from the time of statements that were alone in flight, and so how many batches of one kind may be in
 * flight. If the database is near, two are best: more make batches smaller. If it is far, most of the time is the round trip, and a third
 * batch need not wait.
 */
export class Distance {
  private shortestMs = 0;
  private shortestBefore = 0;
  private count = 0;

  /** `most` is the largest number of batches in flight that the connection pool allows. */
  constructor(private readonly most: () => number) {}

  /** Takes the time of a lone statement into account, in milliseconds. */
  measure(ms: number): void {
    if (this.count === WINDOW) {
      this.shortestBefore = this.shortestMs;
      this.count = 0;
    }
    this.shortestMs = this.count === 0 ? ms : Math.min(this.shortestMs, ms);
    this.count++;
    if (this.shortestBefore === 0) this.shortestBefore = ms;
  }

  /** Maximum number of batches of one kind in flight. */
  limit(): number {
    const roundTripMs = Math.min(this.shortestMs, this.shortestBefore);
    if (roundTripMs <= NEAR * WORK_MS) return NEAR;
    return Math.max(NEAR, Math.min(this.most(), Math.ceil(roundTripMs / WORK_MS)));
  }
}
