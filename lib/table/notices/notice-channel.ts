import { createHash, randomBytes } from 'node:crypto';
import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import { textOf, SessionOptionsError, SessionUnavailableError } from '../../session.errors.js';
import { pickDialect } from '../databases/databases.js';
import type { DatabaseNotices, Listening } from '../sql/dialect.js';
import { queryRunnerTransport } from '../sql/transport.js';

/** Whose table it is about. */
interface NoticeSource {
  readonly dataSource: DataSource;
  readonly entity: EntityTarget<ObjectLiteral>;
  isOpen(): boolean;
}

/** Who hears of notices. */
interface NoticeListener {
  onNotice(notice: string): void;
  /** Whether what others tell is heard from now on. It is not at first. */
  onHearing(isHearing: boolean): void;
}

/** What a process tells itself to learn whether it is heard. */
const PROBE = '?';
/** The pauses before a connection that was lost is opened again grow from the one to the other, in milliseconds. */
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 30_000;

const OTHER_DATABASE =
  'The option `cache.notify` needs PostgreSQL, because it uses LISTEN and NOTIFY. Remove it: a session that another process ' +
  'ends is then gone within `cache.ttl`.';
const NO_DRIVER =
  'The option `cache.notify` cannot listen, because the connections of this data source are not those of the driver `pg`. Remove it: ' +
  'what another process ends is then gone within `cache.ttl`.';

/**
 * Notices between all processes that keep sessions in one table. Listens on a connection of its own, beside the pool, and opens it again
 * when it is lost. A process hears nothing of its own notices.
 */
export class NoticeChannel {
  private readonly notices: DatabaseNotices;
  /** Tells this process from others. */
  private readonly self = randomBytes(4).toString('hex');
  private listener: NoticeListener | undefined;
  private listening: Listening | undefined;
  private running: Promise<void> | undefined;
  private isClosed = false;
  private isDeaf = false;
  private isMute = false;
  private onProbe: (() => void) | undefined;
  private wake: (() => void) | undefined;

  /** Throws `SessionOptionsError` for a database that has no notices. */
  constructor(
    private readonly source: NoticeSource,
    private readonly timeoutMs: number,
    private readonly warn: (message: string) => void,
  ) {
    const { notices } = pickDialect(source.dataSource);
    if (!notices) throw new SessionOptionsError(OTHER_DATABASE);
    this.notices = notices;
  }

  listen(listener: NoticeListener): void {
    this.listener = listener;
  }

  /** Begins to listen over a data source that is open. Throws `SessionOptionsError` if its driver cannot. */
  start(): void {
    if (!this.notices.canListen(this.source.dataSource)) throw new SessionOptionsError(NO_DRIVER);
    if (!this.isClosed) this.running ??= this.run();
  }

  /** Tells all other processes that listen; resolves when the database has taken it. Never rejects: a failure is a warning. */
  async tell(notice: string): Promise<void> {
    try {
      await this.publish(notice);
      this.isMute = false;
    } catch (error) {
      if (!this.isMute) {
        this.warn(
          `Other processes could not be told that sessions have ended, and may read them for up to \`cache.ttl\`: ${textOf(error)}`,
        );
      }
      this.isMute = true;
    }
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.wake?.();
    await this.listening?.end(this.timeoutMs);
    await this.running;
  }

  /** Until it is closed: listens and, whenever the connection is lost, listens again. */
  private async run(): Promise<void> {
    for (let failures = 0; !this.isClosed; failures++) {
      const reason = await this.hearUntilLost(() => (failures = 0)).catch((error: unknown) => error);
      await this.listening?.end(this.timeoutMs);
      if (this.isClosed) return;
      if (!this.isDeaf) {
        this.warn(`No notices of other processes arrive now, so every session is read from the database: ${textOf(reason)}`);
      }
      this.isDeaf = true;
      await this.rest(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures) * (0.5 + Math.random() / 2));
    }
  }

  /** Resolves to the reason when the connection is lost. Rejects if it cannot be had. */
  private async hearUntilLost(onHeard: () => void): Promise<unknown> {
    if (!this.source.isOpen()) throw new SessionUnavailableError('The data source of the sessions is closed.');
    this.listening = this.notices.listen(this.source.dataSource, this.channel(), (notice) => this.hear(notice));
    await this.verify(this.listening);
    onHeard();
    this.isDeaf = false;
    this.listener?.onHearing(true);
    const reason = await this.listening.ended;
    this.listener?.onHearing(false);
    return reason;
  }

  /** Resolves when a notice of our own has come back: a pooler in between may listen for nobody. */
  private async verify({ begun, ended }: Listening): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new SessionUnavailableError(
        `A notice did not arrive within ${this.timeoutMs} ms. Behind a pooler, LISTEN needs connections that stay with their clients.`,
      );
      timer = setTimeout(() => reject(error), this.timeoutMs).unref();
    });
    const lost = ended.then((reason) => Promise.reject(reason as Error));
    const hear = async (): Promise<void> => {
      const heard = new Promise<void>((resolve) => (this.onProbe = resolve));
      await begun;
      await this.publish(PROBE);
      await heard;
    };
    try {
      await Promise.race([hear(), lost, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private hear(notice: string): void {
    const space = notice.indexOf(' ');
    const words = notice.slice(space + 1);
    if (notice.slice(0, space) !== this.self) this.listener?.onNotice(words);
    else if (words === PROBE) this.onProbe?.();
  }

  private async publish(notice: string): Promise<void> {
    const statement = { name: 'notify', sql: this.notices.tell, isFrequent: false, isPlain: false };
    await queryRunnerTransport(this.source.dataSource, statement, [this.channel(), `${this.self} ${notice}`], this.timeoutMs);
  }

  /** One for each table of a database. */
  private channel(): string {
    const { dataSource, entity } = this.source;
    const { tablePath } = dataSource.getMetadata(entity);
    return `nestjs_typeorm_session_${createHash('sha256').update(tablePath).digest('hex').slice(0, 16)}`;
  }

  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
