/** What came of the requests of many browsers. */
export class Ledger {
  /** Requests that were answered with a 200. */
  done = 0;
  /** Requests that were refused with a 503. */
  refused = 0;
  /** Answers that contradict earlier ones, and statuses that nobody should see. */
  wrong = [];
  /** Rows that may be in the table although no browser was told of them: the request that would have made them was refused. */
  unheard = 0;
  slowestMs = 0;
  /** How often each reason was given with a 503. */
  reasons = new Map();

  note(status, ms, body) {
    this.slowestMs = Math.max(this.slowestMs, ms);
    if (status === 200) {
      this.done++;
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
