import { bareExchange } from '../http/bare-exchange.mjs';
import { bareBatch } from './bare-batch.mjs';
import { sqliteSessionStore } from './better-sqlite3-session-store.mjs';
import { pgSimple } from './connect-pg-simple.mjs';
import { connectRedis } from './connect-redis.mjs';
import { connectSessionKnex } from './connect-session-knex.mjs';
import { connectTypeorm } from './connect-typeorm.mjs';
import { mysqlSession } from './express-mysql-session.mjs';
import { memoryStore } from './memory-store.mjs';
import { namedStatements } from './named-statements.mjs';
import { ours, oursByQuery, oursCached, oursTouching } from './ours.mjs';

export const STORES = [
  ours,
  oursByQuery,
  oursTouching,
  memoryStore,
  connectRedis,
  pgSimple,
  connectTypeorm,
  mysqlSession,
  sqliteSessionStore,
  connectSessionKnex,
  bareBatch,
];

/** Not measured beside the others by default. */
const BESIDE = [namedStatements, oursCached, bareExchange];

export function storeOf(name) {
  const store = [...STORES, ...BESIDE].find((candidate) => candidate.name === name);
  if (!store) throw new Error(`There is no store "${name}". There are: ${STORES.map((each) => each.name).join(', ')}.`);
  return store;
}
