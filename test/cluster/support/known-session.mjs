import { createHash } from 'node:crypto';

/** What a browser knows of one session: its numbers only go up, one by one. */
export class KnownSession {
  /** `unknown` where its end, or a new id, was asked for and refused: both may have happened or not. */
  state = 'live';

  /** By key: the number that has to be there at least, and the highest that was asked for. */
  constructor(cookie, told = {}, asked = {}) {
    Object.assign(this, { cookie, told, asked });
  }

  /** The same numbers under another id. */
  under(cookie) {
    return new KnownSession(cookie, { ...this.told }, { ...this.asked });
  }

  next(key) {
    return (this.asked[key] = (this.asked[key] ?? 0) + 1);
  }

  /** What is wrong about the numbers that somebody found, given what had been told when he began to look. */
  faultIn(numbers, told = this.told) {
    for (const [key, least] of Object.entries(told)) {
      if (!(numbers[key] >= least)) return `${key} is ${numbers[key]}, and ${least} had been acknowledged`;
    }
    for (const [key, number] of Object.entries(numbers)) {
      if (!(number <= this.asked[key])) return `${key} is ${number}, and nobody asked for more than ${this.asked[key]}`;
      this.told[key] = Math.max(this.told[key] ?? 0, number);
    }
    return undefined;
  }

  /** The id of its row: SHA-256 of the session id, which the cookie holds between `s:` and the signature. */
  get rowId() {
    const [id] = decodeURIComponent(this.cookie.slice('sid='.length)).slice('s:'.length).split('.');
    return createHash('sha256').update(id).digest('hex');
  }
}
