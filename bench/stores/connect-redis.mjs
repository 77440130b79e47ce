import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import { sampleSession, sidOf, userOf } from './sample-session.mjs';
import { versionOf } from './versions.mjs';

const DAY_S = 86_400;
const SETS_AT_ONCE = 1_000;
const REDIS_URL = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';

export const connectRedis = {
  name: 'connect-redis',
  title: `connect-redis ${versionOf('connect-redis')} on redis ${versionOf('redis')}`,
  databases: ['redis'],
  async open() {
    const client = createClient({ url: REDIS_URL, socket: { reconnectStrategy: false } });
    client.on('error', () => {});
    await client.connect();
    const prefix = `nestjs-typeorm-session-bench:${process.pid}:`;
    const store = new RedisStore({ client, prefix });
    const fill = async ({ bytes, maxAgeMs, first, last }) => {
      for (let from = first; from <= last; from += SETS_AT_ONCE) {
        const numbers = Array.from({ length: Math.min(SETS_AT_ONCE, last - from + 1) }, (_, index) => from + index);
        const set = (i) =>
          client.set(prefix + sidOf(i), JSON.stringify(sampleSession(bytes, { userId: userOf(i), maxAgeMs })), { EX: DAY_S });
        await Promise.all(numbers.map(set));
      }
    };
    const close = async () => {
      for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: SETS_AT_ONCE }))
        if (keys.length > 0) await client.unlink(keys);
      await client.close();
    };
    return { store, fill, close };
  },
};
