interface Queue {
  inside: number;
  readonly waiting: (() => void)[];
}

/** Lets a fixed number in at a time under each key, in the order in which they came. */
export class KeyedSemaphore {
  private readonly queues = new Map<string, Queue>();

  constructor(private readonly capacity: number) {}

  /** Resolves to the function that leaves again, or to `undefined` if nobody left in time, or before `signal` ended the wait. */
  enter(key: string, waitMs: number, signal?: AbortSignal): Promise<(() => void) | undefined> {
    if (signal?.aborted) return Promise.resolve(undefined);
    const queue = this.queues.get(key) ?? { inside: 0, waiting: [] };
    this.queues.set(key, queue);
    if (queue.inside < this.capacity) {
      queue.inside++;
      return Promise.resolve(() => this.leave(key, queue));
    }
    return new Promise((resolve) => {
      const stopWaiting = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
      };
      const admit = () => {
        stopWaiting();
        resolve(() => this.leave(key, queue));
      };
      const giveUp = () => {
        stopWaiting();
        queue.waiting.splice(queue.waiting.indexOf(admit), 1);
        resolve(undefined);
      };
      const timer = setTimeout(giveUp, waitMs);
      signal?.addEventListener('abort', giveUp);
      queue.waiting.push(admit);
    });
  }

  private leave(key: string, queue: Queue): void {
    const next = queue.waiting.shift();
    if (next) return next();
    if (--queue.inside === 0) this.queues.delete(key);
  }
}
