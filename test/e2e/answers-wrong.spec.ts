import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response as ExpressResponse } from 'express';
import { SessionModule } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { Barrier } from '../support/barrier.js';
import { Browser, setCookies } from '../support/browser.js';
import { startApp } from '../support/nest-app.js';
import { embedded } from '../support/embedded.js';

const connection = embedded;

/** Answers as no handler should. */
@Controller()
class MistakenController {
  static complaints: unknown[] = [];

  @Get('theme')
  theme(@Req() { session }: Request) {
    return session.theme;
  }

  @Get('status')
  status(@Req() req: Request, @Res() res: ExpressResponse) {
    req.session.theme = 'dark';
    res.statusCode = 9999;
    res.end('text');
  }

  @Get('head')
  head(@Req() req: Request, @Res() res: ExpressResponse) {
    req.session.theme = 'dark';
    res.writeHead(9999).end('text');
  }

  @Get('chunk')
  chunk(@Req() req: Request, @Res() res: ExpressResponse) {
    req.session.theme = 'dark';
    res.end(42);
  }

  @Get('two')
  two(@Req() req: Request, @Res() res: ExpressResponse) {
    req.session.theme = 'dark';
    res.redirect('/elsewhere');
    res.status(201).type('text/plain').send('b');
  }

  @Get('late-error')
  lateError(@Req() req: Request, @Res() res: ExpressResponse) {
    req.session.theme = 'dark';
    res.json({ answer: 'the first answer, which is longer than that of an error would be: '.repeat(4) });
    throw new Error('a mistake of the application');
  }

  @Get('late-write')
  lateWrite(@Req() req: Request, @Res() res: ExpressResponse) {
    req.session.theme = 'dark';
    res.on('error', (error) => MistakenController.complaints.push(error));
    res.end('text');
    res.write('more');
  }

  @Get('twice')
  twice(@Req() req: Request, @Res() res: ExpressResponse) {
    req.session.theme = 'dark';
    res.on('error', (error) => MistakenController.complaints.push(error));
    res.end('text');
    res.end('once more');
  }

  @Get('never')
  never(@Res() res: ExpressResponse) {
    res.on('error', (error) => MistakenController.complaints.push(error));
    res.end('text');
    res.end('once more');
  }
}

describe('an answer that is wrong', () => {
  const start = async () => {
    const module = SessionModule.forRoot({ secret: 'secret', connection });
    const { address } = await startApp({ imports: [module], controllers: [MistakenController] });
    return new Browser(address);
  };

  // What is thrown after the session was stored is no longer in the handler's call, and must not end the process.
  it.each([
    ['a status that does not exist', '/status'],
    ['such a status in an early head', '/head'],
    ['a chunk that is no text', '/chunk'],
  ])('is an error response: %s', async (_, path) => {
    const browser = await start();
    const rejection = new Barrier();
    const notice = () => void rejection.wait();
    process.once('unhandledRejection', notice);
    const answer = browser.get(path);
    const first = await Promise.race([answer, rejection.reached.then(() => 'an unhandled rejection')]);
    process.off('unhandledRejection', notice);
    if (typeof first === 'string') void answer.catch(() => undefined);
    expect(first).toHaveProperty('status', 500);
  });

  // Without sessions the first answer has left by then: the second finds its head sent, and changes nothing.
  it.each([
    [
      'another answer',
      '/two',
      302,
      'Found. Redirecting to /elsewhere',
      { location: '/elsewhere', 'content-type': 'text/plain; charset=utf-8' },
    ],
    [
      'an error',
      '/late-error',
      200,
      expect.stringMatching(/^{"answer":"the first answer.*"}$/),
      { 'content-type': 'application/json; charset=utf-8' },
    ],
    ['more text', '/late-write', 200, 'text', {}],
  ])('is not mixed with what comes after it while its session is stored: %s', async (_, path, status, body, headers) => {
    const browser = await start();
    const response = await browser.get(path);
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject(headers);
    const text = await response.text();
    expect(text).toEqual(body);
    expect(response.headers.get('content-length') ?? String(text.length)).toBe(String(text.length));
    expect(setCookies(response)).toHaveLength(1);
    await expect(browser.get('/theme').then((next) => next.text())).resolves.toBe('dark');
  });

  it.each([
    ['with a session to store', '/twice', 1],
    ['with none', '/never', 0],
  ])('ends once, whoever ends it again, as under express-session: %s', async (_, path, cookies) => {
    MistakenController.complaints = [];
    const response = await (await start()).get(path);
    expect(response.status).toBe(200);
    expect(setCookies(response)).toHaveLength(cookies);
    await expect(response.text()).resolves.toBe('text');
    expect(MistakenController.complaints).toEqual([]);
  });
});
