import { describe } from 'vitest';
import { describeEachDatabase, type TestDatabase } from './databases.js';

/** The servers that Nest may stand on: what is promised of HTTP holds on both. */
export const ADAPTERS = ['Express', 'Fastify'] as const;
export type Adapter = (typeof ADAPTERS)[number];

/** Runs a suite once per server and database. */
export function describeEachAdapter(title: string, suite: (database: TestDatabase, adapter: Adapter) => void): void {
  describe.each(ADAPTERS)('%s', (adapter) => {
    describeEachDatabase(title, (database) => suite(database, adapter));
  });
}
