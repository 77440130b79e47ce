interface Queue {
  inside: number;
  readonly waiting: (() => void)[];
}

/** Lets so many in at a time under each key, in the order in which they came. */
export class KeyedSemaphore {
  private readonly queues = new Map<string, Queue>();

  constructor(private readonly capacity: number) {}

  /** Resolves to the function that leaves again, or to `undefined` where nobody left in time. */
  enter(key: string, waitMs: number): Promise<(() => void) | undefined> {
    const queue = this.queues.get(key) ?? { inside: 0, waiting: [] };
    this.queues.set(key, queue);
    if (queue.inside < this.capacity) {
      queue.inside++;
      return Promise.resolve(() => this.leave(key, queue));
    }
    return new Promise((resolve) => {
      const admit = () => {
        clearTimeout(timer);
        resolve(() => this.leave(key, queue));
      };
      const timer = setTimeout(() => {
        queue.waiting.splice(queue.waiting.indexOf(admit), 1);
        resolve(undefined);
      }, waitMs);
      queue.waiting.push(admit);
    });
  }

  private leave(key: string, queue: Queue): void {
    const next = queue.waiting.shift();
    if (next) return next();
    if (--queue.inside === 0) this.queues.delete(key);
  }
}
