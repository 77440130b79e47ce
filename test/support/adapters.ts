import type { Request, Response } from 'express';
import { describe } from 'vitest';
import { describeEachDatabase, type TestDatabase } from './databases.js';

/** The servers that Nest may stand on: what is promised of HTTP holds on both. */
export const ADAPTERS = ['Express', 'Fastify'] as const;
export type Adapter = (typeof ADAPTERS)[number];

/** Runs a suite once per server and database. */
export function describeEachAdapter(title: string, suite: Suite): void {
  describeUnder('Express', title, suite);
  describeUnder('Fastify', title, suite);
}

/** The same for long suites: under Fastify on one database in the process and on one server only. */
export function describeEachAdapterInBrief(title: string, suite: Suite): void {
  describeUnder('Express', title, suite);
  describeUnder('Fastify', title, suite, ['sql.js', 'postgres']);
}

type Suite = (database: TestDatabase, adapter: Adapter) => void;

function describeUnder(adapter: Adapter, title: string, suite: Suite, names?: TestDatabase['name'][]): void {
  describe(`under ${adapter}`, () => describeEachDatabase(title, (database) => suite(database, adapter), names));
}

/** What of Fastify's reply the handlers of tests need. */
interface Reply {
  readonly raw: Response;
  hijack(): void;
  redirect(url: string, status: number): void;
}

const replyOf = (res: Response): Reply | undefined => ('hijack' in res ? (res as unknown as Reply) : undefined);

/** The request as Node knows it, which that of Express is. */
export const nodeRequest = (req: Request): Request => ('raw' in req ? (req.raw as Request) : req);

/** The response as Node knows it, which that of Express is. `takeOver` tells Fastify that its own reply is not used. */
export function nodeResponse(res: Response, { takeOver = false } = {}): Response {
  const reply = replyOf(res);
  if (takeOver) reply?.hijack();
  return reply?.raw ?? res;
}

export function redirect(res: Response, status: number, url: string): void {
  const reply = replyOf(res);
  if (reply) reply.redirect(url, status);
  else res.redirect(status, url);
}
