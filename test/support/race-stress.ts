import { setImmediate } from 'node:timers/promises';
import type { Told } from './race-instance.js';
import { SessionModel } from './race-model.js';
import type { Instance, Race } from './race-settings.js';

/** A browser: it has one session at a time. */
interface Browser {
  session: SessionModel;
}

/** A request that has loaded a session under an id. */
interface Visit {
  readonly worker: Worker;
  readonly browser: Browser;
  readonly session: SessionModel;
  readonly request: number;
  readonly sid: string;
}

interface Worker {
  readonly name: string;
  readonly instance: Instance;
  writes: number;
}

/** What was done, and what came of it. */
export interface StressReport {
  /** By what was asked for and what it was told, as in `save done`. */
  readonly counts: Record<string, number>;
  /** What must not have happened. */
  readonly violations: string[];
  /** The longest that anybody waited for an answer, in milliseconds. */
  slowestMs: number;
  sessions: number;
}

type Act = (visit: Visit) => Promise<void>;

/** Workers who do all that can be done to a few sessions at the same time, and a model of what has to come of it. */
export class Stress {
  readonly report: StressReport = { counts: {}, violations: [], slowestMs: 0, sessions: 0 };
  private readonly sessions: SessionModel[] = [];
  private readonly browsers: Browser[];
  private readonly acts: Act[];

  constructor(
    private readonly race: Race,
    browserCount: number,
  ) {
    this.browsers = Array.from({ length: browserCount }, () => ({ session: this.newSession() }));
    const shares: [number, Act][] = [
      [70, (visit) => this.save(visit)],
      [8, (visit) => this.remove(visit)],
      [12, (visit) => this.touch(visit)],
      [4, (visit) => this.rotate(visit)],
      [2, (visit) => this.regenerate(visit)],
      [2, (visit) => this.destroy(visit)],
      [2, (visit) => this.removeRow(visit)],
    ];
    this.acts = shares.flatMap(([share, act]) => Array.from({ length: share }, () => act));
  }

  /** Half of the workers at each instance. */
  async run(workerCount: number, ms: number): Promise<StressReport> {
    const deadline = performance.now() + ms;
    const { here, there } = this.race;
    const work = async (_: unknown, index: number) => {
      const worker: Worker = { name: `w${index}`, instance: index % 2 ? here : there, writes: 0 };
      while (performance.now() < deadline) await this.visit(worker);
    };
    await Promise.all(Array.from({ length: workerCount }, work));
    await this.check();
    return this.report;
  }

  /** One request: it loads the session of some browser, and does something to it a moment later. */
  private async visit(worker: Worker): Promise<void> {
    const browser = pick(this.browsers);
    const { session } = browser;
    await session.stored;
    const { sid } = session;
    const wasGone = session.isGone(sid);
    const request = await this.measure(worker.instance.load(sid));
    if (request === undefined) {
      this.count('load', 'nothing');
      this.verify(session.mayBeGone(sid), 'a live session was not found');
      this.renew(browser, session);
      return;
    }
    this.count('load', 'done');
    this.verify(!wasGone, 'a session that had ended was found');
    for (let turn = Math.random() * 4; turn > 1; turn--) await setImmediate();
    const visit = { worker, browser, session, request, sid };
    await pick(this.acts)(visit);
    if (Math.random() < 0.2 && !session.mayBeGone(sid)) await this.save(visit);
    await worker.instance.forget(request);
    // SQLite answers without a turn of the event loop, and timers want theirs.
    await setImmediate();
  }

  private async save(visit: Visit): Promise<void> {
    const { worker, session } = visit;
    const mine = Object.keys(session.values).filter((name) => name.startsWith(`${worker.name}-`));
    const key = Math.random() < 0.2 && mine.length > 0 ? pick(mine) : `${worker.name}-${worker.writes}`;
    const value = ++worker.writes;
    const told = await this.ask('save', visit, ({ instance }, request) => instance.save(request, { [key]: value }));
    if (told === 'done') session.values[key] = value;
  }

  /** A worker removes only what it wrote itself, so that nobody writes it meanwhile. */
  private async remove(visit: Visit): Promise<void> {
    const { worker, session } = visit;
    const key = Object.keys(session.values).find((name) => name.startsWith(`${worker.name}-`));
    if (!key) return this.save(visit);
    const told = await this.ask('remove', visit, ({ instance }, request) => instance.save(request, {}, [key]));
    if (told === 'done') delete session.values[key];
  }

  private async touch(visit: Visit): Promise<void> {
    const told = await this.measure(visit.worker.instance.touch(visit.request));
    this.count('touch', told);
    this.verify(told === 'done', `a touch was told ${told}`);
  }

  private async rotate(visit: Visit): Promise<void> {
    const { session, sid } = visit;
    session.replacedIds.add(sid);
    let next = sid;
    const told = await this.ask('rotate', visit, async ({ instance }, request) => {
      const rotated = await instance.rotate(request);
      next = rotated.sid;
      return rotated.told;
    });
    if (told !== 'done') return;
    this.verify(!session.deadIds.has(sid), 'one id was rotated away twice');
    session.deadIds.add(sid);
    session.sid = next;
  }

  private async regenerate(visit: Visit): Promise<void> {
    const { worker, browser, session, request } = visit;
    const values = { [`${worker.name}-${worker.writes}`]: ++worker.writes };
    const { told, sid } = await this.end(session, worker.instance.regenerate(request, values), (answer) => answer.told === 'done');
    this.count('regenerate', told);
    this.verify(told === 'done', `a regeneration was told ${told}`);
    if (told !== 'done') return;
    const next = Object.assign(new SessionModel(), { sid, values });
    this.sessions.push(next);
    if (browser.session === session) browser.session = next;
  }

  private async destroy({ worker, browser, session, request }: Visit): Promise<void> {
    const told = await this.end(session, worker.instance.destroy(request), (answer) => answer === 'done');
    this.count('destroy', told);
    this.verify(told === 'done', `a logout was told ${told}`);
    this.renew(browser, session);
  }

  private async removeRow({ browser, session, sid }: Visit): Promise<void> {
    const isRemoved = await this.end(session, this.race.removeRow(sid), Boolean);
    this.count('SQL', isRemoved ? 'done' : 'nothing');
    this.verify(isRemoved || session.mayBeGone(sid), 'the row of a live session was not there');
    this.renew(browser, session);
  }

  /** A write is done, or told that its session was ended; the one or the other must be true. */
  private async ask(act: string, visit: Visit, work: (worker: Worker, request: number) => Promise<Told>): Promise<Told> {
    const { worker, session, request, sid } = visit;
    const wasGone = session.isGone(sid);
    const told = await this.measure(work(worker, request));
    this.count(act, told);
    if (told === 'done') this.verify(!wasGone, `a ${act} of a session that had ended was done`);
    else if (told === 'SESSION_INTERRUPTED') this.verify(session.mayBeGone(sid), `a ${act} of a live session was told that it ended`);
    else this.report.violations.push(`a ${act} was told ${told}`);
    return told;
  }

  private async end<T>(session: SessionModel, work: Promise<T>, hasEnded: (answer: T) => boolean): Promise<T> {
    session.endsUnderWay++;
    const answer = await this.measure(work);
    session.endsUnderWay--;
    session.isEnded ||= hasEnded(answer);
    return answer;
  }

  /** A browser whose session has ended gets another one. */
  private renew(browser: Browser, session: SessionModel): void {
    if (browser.session === session && session.isEnded) browser.session = this.newSession();
  }

  private newSession(): SessionModel {
    const session = new SessionModel();
    this.sessions.push(session);
    session.stored = this.race.here.create(session.sid, {}).then((told) => this.verify(told === 'done', `a new session was told ${told}`));
    return session;
  }

  /** Nothing is under way any more: every live session holds what was acknowledged, and nobody else has a row. */
  private async check(): Promise<void> {
    const live = this.sessions.filter(({ isEnded }) => !isEnded);
    for (const { sid, values } of live) {
      const stored = await this.race.there.read(sid);
      this.verify(stored !== undefined, 'a live session is not there');
      if (stored === undefined) continue;
      const lost = Object.keys(values).filter((key) => stored[key] !== values[key]);
      const revived = Object.keys(stored).filter((key) => !(key in values));
      this.verify(lost.length === 0, `a session lost ${lost.join(', ')}`);
      this.verify(revived.length === 0, `a session has ${revived.join(', ')}, which was removed or refused`);
    }
    const extra = (await this.race.rowCount()) - live.length;
    this.verify(extra === 0, `there are ${extra} rows of sessions that had ended`);
    this.report.sessions = this.sessions.length;
  }

  private async measure<T>(work: Promise<T>): Promise<T> {
    const begun = performance.now();
    try {
      return await work;
    } finally {
      this.report.slowestMs = Math.max(this.report.slowestMs, performance.now() - begun);
    }
  }

  private count(act: string, told: string): void {
    const name = `${act} ${told}`;
    this.report.counts[name] = (this.report.counts[name] ?? 0) + 1;
  }

  private verify(isTrue: boolean, violation: string): void {
    if (!isTrue) this.report.violations.push(violation);
  }
}

const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)]!;
