import { EventEmitter, once } from 'node:events';
import { vi } from 'vitest';
import { NoticeChannel } from '../../lib/table/notices/notice-channel.js';

/** What stores hear of other processes, from the time at which they are opened; `vi.restoreAllMocks()` ends it. */
export class NoticeWatch {
  private readonly heard = new EventEmitter();

  constructor() {
    const { heard } = this;
    const { listen } = NoticeChannel.prototype;
    vi.spyOn(NoticeChannel.prototype, 'listen').mockImplementation(function (this: NoticeChannel, listener) {
      listen.call(this, {
        onNotice: (notice) => {
          listener.onNotice(notice);
          heard.emit('notice', notice);
        },
        onHearing: (isHearing) => {
          listener.onHearing(isHearing);
          heard.emit(isHearing ? 'hearing' : 'deaf');
        },
      });
    });
  }

  /** Resolves when the next one begins to hear, ceases to, or has heard a notice and done what it says. */
  async next(event: 'hearing' | 'deaf' | 'notice'): Promise<void> {
    await once(this.heard, event);
  }
}
