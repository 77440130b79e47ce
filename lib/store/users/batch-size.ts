/**
 * A batch that takes longer is followed by one of half its size, and one that is quicker by twice as many: others wait for the rows that
 * a statement locks, and for the disk that it keeps busy.
 */
const SLOW_MS = 50;
const QUICK_MS = 20;
/** With fewer rows at a time the work would not end: much of the time of a statement is that of the disk, however few they are. */
const MIN_ROWS = 8;

/** How many rows the next statement should be about, by the time that those before have taken. */
export class BatchSize {
  constructor(
    private size: number,
    private readonly most: number,
  ) {}

  get rows(): number {
    return this.size;
  }

  /** Runs the work on this number of rows, and learns from the time that it takes. */
  async time<Result>(rows: number, work: () => Promise<Result>): Promise<Result> {
    const begun = performance.now();
    const result = await work();
    const taken = performance.now() - begun;
    if (taken > SLOW_MS) this.size = Math.max(Math.min(this.most, MIN_ROWS), Math.floor(this.size / 2));
    else if (taken < QUICK_MS && rows >= this.size) this.size = Math.min(this.most, this.size * 2);
    return result;
  }
}
