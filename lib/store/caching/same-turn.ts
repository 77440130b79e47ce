/**
 * Answers all reads of one turn of the event loop together, at the end of that turn. An immediate answer would let each request run
 * alone through the whole application; requests that run in step, as those that share a statement do, reuse the CPU's caches and need
 * less CPU time (`bench/http`).
 */
export class SameTurn {
  private answers: (() => void)[] = [];

  /** Resolves to the value at the end of this turn. */
  resolve<T>(value: T): Promise<T> {
    return new Promise((resolve) => {
      if (this.answers.push(() => resolve(value)) === 1) setImmediate(() => this.answer());
    });
  }

  private answer(): void {
    const { answers } = this;
    this.answers = [];
    for (const answer of answers) answer();
  }
}
