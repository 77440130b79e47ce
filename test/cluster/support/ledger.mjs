/** What came of the requests of many browsers. */
export class Ledger {
  /** Requests that were answered with a 200. */
  done = 0;
  /** Those of them that began after the database was stopped. */
  doneWhileStopped = 0;
  /** By `performance.now()`. */
  stoppedAt = Infinity;
  /** Requests that were refused with a 503. */
  refused = 0;
  /** Answers that contradict earlier ones, and statuses that nobody should see. */
  wrong = [];
  /** Rows that may be in the table although no browser was told of them: the request that would have made them was refused. */
  unheard = 0;
  slowestMs = 0;
  /** How often each reason was given with a 503. */
  reasons = new Map();

  /** Takes down an answer; `startedAt` of its request by `performance.now()`. */
  note(status, startedAt, body) {
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startedAt);
    if (status === 200) {
      this.done++;
      if (startedAt > this.stoppedAt) this.doneWhileStopped++;
    } else if (status === 503) {
      this.refused++;
      const reason = (body.cause ?? body.message).replaceAll(/\d+(\.\d+)*(:\d+)?/g, '#').slice(0, 100);
      this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
    } else {
      this.wrong.push(`a request was answered with ${status} ${JSON.stringify(body)}`);
    }
  }

  /** The reasons of all refusals, the most frequent first. */
  get reasonsGiven() {
    const sorted = [...this.reasons].toSorted(([, left], [, right]) => right - left);
    return sorted.map(([reason, count]) => `${count} × ${reason}`).join('; ');
  }

  /** What was wrong, as far as one line tells it. */
  get faults() {
    return [`${this.wrong.length} faults`, ...this.wrong.slice(0, 5)].join('; ');
  }

  get figures() {
    return `${this.done} answered, ${this.refused} refused with 503, slowest ${Math.round(this.slowestMs)} ms`;
  }
}
