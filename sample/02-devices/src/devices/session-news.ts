import { Injectable, type MessageEvent, type OnModuleDestroy } from '@nestjs/common';
import { SessionStore } from 'nestjs-typeorm-session';
import { filter, map, type Observable, Subject, takeUntil, takeWhile } from 'rxjs';

interface News {
  readonly kind: 'signedIn' | 'ended';
  readonly userId: string | undefined;
  readonly handle: string | undefined;
}

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
    sessions.on('destroyed', ({ userId, handle }) => this.news.next({ kind: 'ended', userId, handle }));
  }

  /** The stream of one page: `changed` as the user's other sessions come and go, and at the end `ended` for its own. */
  of(userId: string, handle: string): Observable<MessageEvent> {
    return this.news.pipe(
      filter((news) => news.handle === handle || news.userId === userId),
      map((news) => {
        if (news.handle === handle) return { type: news.kind === 'ended' ? 'ended' : 'changed', data: '' };
        return { type: 'changed', data: news.kind === 'ended' ? 'A device was signed out.' : 'A device was signed in.' };
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
