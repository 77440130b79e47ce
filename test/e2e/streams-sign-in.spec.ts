import { PassThrough } from 'node:stream';
import { Controller, Get, Req, Res, Sse, StreamableFile } from '@nestjs/common';
import type { Request, Response as ExpressResponse } from 'express';
import { defineSessionEntity, SessionModule } from 'nestjs-typeorm-session';
import { Observable } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hashSessionId } from '../../lib/store/session/id.js';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { interceptStatements } from '../support/intercept-statements.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { failStatements } from '../support/store-gate.js';

const SIGN_INS = 200;
const AT_ONCE = 50;
/** What each write of a session takes longer, in milliseconds. */
const SLOW_MS = 300;

/** Of one row, or of several behind their values. */
const INSERT = /^INSERT|^WITH .*\bINSERT\b/;

/** Streams that the test ends itself, by who signed in: what is stored before that was stored before the end. */
const open = new Map<string, () => void>();

async function signIn(req: Request): Promise<string> {
  await req.session.regenerate();
  return (req.session.theme = req.path + (req.query.who as string));
}

@Controller()
class SignInController {
  @Get('me')
  me(@Req() { session }: Request) {
    return { me: session.theme };
  }

  @Get('stream')
  async stream(@Req() req: Request, @Res() res: ExpressResponse) {
    open.set(await signIn(req), () => res.end());
    res.write('data: begun\n\n');
  }

  @Sse('sse')
  async sse(@Req() req: Request) {
    const who = await signIn(req);
    return new Observable<{ data: string }>((events) => {
      open.set(who, () => events.complete());
      events.next({ data: 'begun' });
    });
  }

  @Get('file')
  async file(@Req() req: Request) {
    const source = new PassThrough();
    open.set(await signIn(req), () => source.end());
    source.write('data: begun\n\n');
    return new StreamableFile(source);
  }
}

describeEachDatabase('who signs in by the answer of', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const rows = () => dataSource().getRepository(entity);

  async function start() {
    const module = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), prune: false });
    return (await startApp({ imports: [module], controllers: [SignInController] })).address;
  }

  /** Sends this many requests, some at a time; each gets a number of its own. */
  async function inGroups(count: number, request: (who: number) => Promise<void>): Promise<void> {
    for (let done = 0; done < count; done += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - done) }, (_, index) => request(done + index)));
    }
  }

  describe.each(['/stream', '/sse', '/file'])('%s', (path) => {
    it(`has a session when its head arrives, however slow the database is: ${SIGN_INS} of ${SIGN_INS}`, { timeout: 120_000 }, async () => {
      const address = await start();
      let slowed = 0;
      const restore = interceptStatements(dataSource(), async (sql, send) => {
        if (INSERT.test(sql)) {
          slowed++;
          await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
        }
        return send();
      });
      onTestFinished(restore);
      const seen: unknown[] = [];
      await inGroups(SIGN_INS, async (who) => {
        const browser = new Browser(address);
        const response = await browser.get(`${path}?who=${who}`);
        const row = await rows().findOneBy({ id: hashSessionId(browser.id ?? '') });
        seen.push([response.status, row !== null && (await browser.json('/me'))]);
        open.get(path + String(who))?.();
        expect(await response.text()).toContain('data: begun\n\n');
      });
      expect(seen).toHaveLength(SIGN_INS);
      expect(new Set(seen.map((each) => JSON.stringify(each))).size).toBe(SIGN_INS);
      expect(seen.filter((each) => !JSON.stringify(each).startsWith(`[200,{"me":"${path}`))).toEqual([]);
      expect(slowed).toBeGreaterThan(0);
    });

    it('is a 503 without a cookie where the session cannot be stored', async () => {
      const address = await start();
      const before = await rows().count();
      const restore = failStatements(dataSource(), INSERT);
      await inGroups(AT_ONCE, async (who) => {
        const browser = new Browser(address);
        const response = await browser.get(`${path}?who=${who}`);
        expect([response.status, setCookies(response)]).toEqual([503, []]);
        expect(await response.text()).not.toContain('begun');
      });
      expect(await rows().count()).toBe(before);
      restore();
      const browser = new Browser(address);
      const response = await browser.get(`${path}?who=afterwards`);
      expect([response.status, await browser.json('/me')]).toEqual([200, { me: `${path}afterwards` }]);
      open.get(`${path}afterwards`)?.();
      await response.text();
    });
  });
});
