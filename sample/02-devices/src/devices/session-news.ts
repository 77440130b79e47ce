import { Injectable, type MessageEvent, type OnModuleDestroy } from '@nestjs/common';
import { SessionStore } from 'nestjs-typeorm-session';
import { filter, map, type Observable, Subject, takeUntil, takeWhile } from 'rxjs';
import type { User } from '../users/user.entity.js';

interface News {
  /** `left`: its own browser ended it, or signed in anew. `ended`: somebody else did. */
  readonly kind: 'signedIn' | 'left' | 'ended';
  readonly userId: string | undefined;
  readonly handle: string | undefined;
}

const sentences = { signedIn: 'A device was signed in.', left: 'A device was signed out.', ended: 'A device was signed out.' };

/**
 * What happens to sessions, for the pages that listen. It hears of what this process does; several processes would
 * pass it on to each other, and where they do not, a session that was ended is still refused at its next request.
 */
@Injectable()
export class SessionNews implements OnModuleDestroy {
  private readonly news = new Subject<News>();
  private readonly closing = new Subject<void>();

  constructor(sessions: SessionStore) {
    sessions.on('signedIn', ({ userId, handle }) => this.news.next({ kind: 'signedIn', userId, handle }));
    sessions.on('destroyed', ({ userId, handle, reason }) => {
      this.news.next({ kind: reason === 'logout' || reason === 'login' ? 'left' : 'ended', userId, handle });
    });
  }

  /**
   * The stream of one page: `changed` as the user's sessions come and go (an administrator's: everybody's), with a sentence
   * if another device of this user did; and at the end `ended`, if somebody else ended this one. Where its own browser did, the
   * stream only stops: the page asks for it again, with the cookie of the new session if there is one.
   */
  of(user: User, handle: string): Observable<MessageEvent> {
    return this.news.pipe(
      filter(({ userId }) => userId === user.id || user.isAdministrator),
      takeWhile((news) => news.kind !== 'left' || news.handle !== handle),
      map((news) => {
        if (news.handle === handle && news.kind === 'ended') return { type: 'ended', data: '' };
        const isOther = news.userId === user.id && news.handle !== handle;
        return { type: 'changed', data: isOther ? sentences[news.kind] : '' };
      }),
      takeWhile(({ type }) => type !== 'ended', true),
      takeUntil(this.closing),
    );
  }

  /** A stream that nobody ends would keep the server from closing. */
  onModuleDestroy(): void {
    this.closing.next();
  }
}
