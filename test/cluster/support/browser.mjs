import { KnownSession } from './known-session.mjs';

const KEYS = ['visits', 'cart', 'notes'];

/**
 * Somebody with a cookie and three tabs, each the only writer of one number of the session, which it raises by one with
 * every request. What was acknowledged has to be there from then on; what was refused may be there or not.
 */
export class Browser {
  session = new KnownSession();
  /** Sessions that are over, and those of which nobody can tell. */
  past = [];

  /** `pick` tells the instance that the next request goes to. */
  constructor(name, ledger, pick) {
    Object.assign(this, { name, ledger, pick });
  }

  /** One thing that people do. */
  async act() {
    const odds = Math.random();
    if (!this.session.cookie) await this.arrive();
    else if (odds < 0.2) await this.look();
    else if (odds < 0.24) await this.replace(`/sign-in/${this.name}`);
    else if (odds < 0.28) await this.replace('/rotate');
    else if (odds < 0.31) await this.signOut();
    else if (odds < 0.34) await this.knock();
    else await Promise.all(KEYS.map((key) => this.put(key)));
  }

  /** The first request of a session: its cookie comes with the answer. Resolves to whether there was one. */
  async arrive() {
    const answer = await this.put(KEYS[0]);
    if (answer?.cookie) this.session.cookie = answer.cookie;
    else {
      if (answer) this.complain('a new session came without a cookie');
      this.session = new KnownSession();
      this.ledger.unheard++;
    }
    return answer !== undefined;
  }

  async put(key) {
    const value = this.session.next(key);
    const answer = await this.send('POST', `/put/${key}/${value}`);
    if (answer && answer.numbers[key] !== value) this.complain(`${key} was set to ${value} and answered as ${answer.numbers[key]}`);
    return answer;
  }

  /** Resolves to whether there was an answer. */
  async look() {
    return (await this.send('GET', '/look')) !== undefined;
  }

  /** A request that gives the session another id. */
  async replace(path) {
    const answer = await this.send('POST', path);
    const old = this.session;
    this.past.push(old);
    old.state = answer ? 'over' : 'unknown';
    if (!answer) this.ledger.unheard++;
    else if (!answer.cookie) this.complain(`${path} gave no cookie`);
    this.session = answer?.cookie ? old.under(answer.cookie) : new KnownSession();
  }

  async signOut() {
    const answer = await this.send('POST', '/sign-out', {});
    this.session.state = answer ? 'over' : 'unknown';
    this.past.push(this.session);
    this.session = new KnownSession();
  }

  /** Comes with the cookie of a session that is over. */
  async knock() {
    const over = this.past.findLast(({ state }) => state === 'over');
    const answer = over && (await this.fetch('GET', '/look', over.cookie));
    if (answer && Object.keys(answer.numbers).length > 0) this.complain('a session that was over was there again');
  }

  /** Whether the table holds what this browser was told; `rowOf` gives the numbers of a row by its id. */
  compare(rowOf) {
    for (const session of [this.session, ...this.past].filter(({ cookie }) => cookie)) {
      const numbers = rowOf(session.rowId);
      if (session.state === 'over' && numbers) this.complain('a session that was over has a row');
      if (session.state === 'live' && !numbers) this.complain('an acknowledged session has no row');
      const fault = session.state !== 'over' && numbers && session.faultIn(numbers);
      if (fault) this.complain(`in the table ${fault}`);
    }
  }

  /** The answer, or `undefined` where it was refused. */
  async send(method, path, told = { ...this.session.told }) {
    const { session } = this;
    const hadCookie = session.cookie !== undefined;
    const answer = await this.fetch(method, path, session.cookie);
    if (!answer) return undefined;
    const fault = session.faultIn(answer.numbers, told);
    if (fault) this.complain(`at ${path} ${fault}`);
    if (answer.cookie && hadCookie && path.startsWith('/put')) this.complain(`an acknowledged session was gone at ${path}`);
    return answer;
  }

  async fetch(method, path, cookie) {
    const started = performance.now();
    const response = await fetch(this.pick().address + path, { method, headers: cookie ? { cookie } : {} });
    const body = await response.json();
    this.ledger.note(response.status, started, body);
    if (response.status !== 200) return undefined;
    const [newCookie] = /^sid=[^;]+/.exec(response.headers.getSetCookie()[0] ?? '') ?? [];
    return { numbers: body, cookie: newCookie };
  }

  complain(message) {
    this.ledger.wrong.push(`${this.name}: ${message}`);
  }
}
