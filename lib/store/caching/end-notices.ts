import { isHandle, isHash } from '../session/id.js';
import type { RecentRows } from './recent-rows.js';

/** More ends than this are published as one notice that clears the whole cache. */
const MAX_WORDS = 50;
const ALL = '*';

/** Where processes tell each other something. */
export interface NoticeBoard {
  /** Tells all other processes that listen; resolves when the database has taken it. Never rejects. */
  tell(notice: string): Promise<void>;
  /** Called once. `onNotice` gets the notices of other processes; `onHearing` says whether they arrive now. At first they do not. */
  listen(listener: { onNotice(notice: string): void; onHearing(isHearing: boolean): void }): void;
}

/**
 * Tells other processes which sessions have ended or got another id, and forgets the sessions that they name: by the hash of the id, or by
 * the handle. While no notices arrive, nothing is kept.
 */
export class EndNotices {
  private waiting = new Set<string>();
  private sending: Promise<void> | undefined;

  constructor(
    private readonly board: NoticeBoard,
    private readonly recent: RecentRows,
  ) {
    recent.switch(false);
    board.listen({ onNotice: (notice) => this.hear(notice), onHearing: (isHearing) => recent.switch(isHearing) });
  }

  /** Resolves when the database has taken it. A plain id, as an older store leaves them, is known to nobody and told to nobody. */
  tell(keys: readonly string[]): Promise<void> {
    return this.send(keys.filter(isHash));
  }

  tellHandle(handle: string): Promise<void> {
    return this.send([handle]);
  }

  tellAll(): Promise<void> {
    return this.send([ALL]);
  }

  /** What comes in one turn of the event loop leaves together. */
  private async send(words: readonly string[]): Promise<void> {
    if (words.length === 0) return;
    for (const word of words) this.waiting.add(word);
    this.sending ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.flush());
    await this.sending;
  }

  private flush(): Promise<void> {
    const words = [...this.waiting];
    this.waiting = new Set();
    this.sending = undefined;
    return this.board.tell(words.length > MAX_WORDS ? ALL : words.join(' '));
  }

  private hear(notice: string): void {
    for (const word of notice.split(' ')) {
      if (isHash(word)) this.recent.forget(word);
      else if (isHandle(word)) this.recent.forgetHandle(word);
      else if (word === ALL) this.recent.forgetAll();
    }
  }
}
