import { Body, Controller, Get, Post, Res } from '@nestjs/common';
import express, { type ErrorRequestHandler, type Response } from 'express';
import { Session, SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { createSessionMiddleware } from 'nestjs-typeorm-session/express';
import { startExpress } from '../support/express-app.js';
import { startApp } from '../support/nest-app.js';

/** A server that a fuzz sends its requests to. */
export interface FuzzedApp {
  readonly address: string;
  /** What reached the error handler as an error of the server. */
  readonly failures: string[];
}

type Values = Session & { mark?: unknown; count?: unknown; body?: unknown };

/** The same handlers for both applications: one only reads, the others write, replace and end a session. */
const handlers = {
  mark: ({ mark }: Values) => ({ mark: typeof mark === 'string' ? mark : null }),
  count: (session: Values) => ({ count: (session.count = Number(session.count) > 0 ? Number(session.count) + 1 : 1) }),
  body: (session: Values, body: unknown) => ({ kept: (session.body = body) !== undefined }),
  /** What no handler should do. What the session does not let itself be given is the client's error. */
  assign: (session: Values, body: unknown) => {
    try {
      Object.assign(session, body);
      return 200;
    } catch {
      return 400;
    }
  },
  renew: (session: Values) => session.regenerate(),
  rotate: (session: Values) => session.rotate(),
  leave: (session: Values) => session.destroy(),
};

export async function startFuzzedExpress(options: SessionModuleOptions): Promise<FuzzedApp> {
  const failures: string[] = [];
  const address = await startExpress((app) => {
    app.use(createSessionMiddleware(options), express.json({ strict: false }));
    app.get('/mark', (req, res) => res.json(handlers.mark(req.session)));
    app.post('/count', (req, res) => res.json(handlers.count(req.session)));
    app.post('/body', (req, res) => res.json(handlers.body(req.session, req.body)));
    app.post('/assign', (req, res) => res.status(handlers.assign(req.session, req.body)).json({}));
    for (const name of ['renew', 'rotate', 'leave'] as const) {
      app.post(`/${name}`, async (req, res) => {
        await handlers[name](req.session);
        res.json({});
      });
    }
    const onError: ErrorRequestHandler = (error: Error & { status?: number }, _req, res, _next) => {
      const { status = 500 } = error;
      if (status >= 500) failures.push(String(error));
      res.status(status).json({});
    };
    app.use(onError);
  });
  return { address, failures };
}

@Controller()
class FuzzController {
  @Get('mark')
  mark(@Session() session: Values) {
    return handlers.mark(session);
  }

  @Post('count')
  count(@Session() session: Values) {
    return handlers.count(session);
  }

  @Post('body')
  body(@Session() session: Values, @Body() body: unknown) {
    return handlers.body(session, body);
  }

  @Post('assign')
  assign(@Session() session: Values, @Body() body: unknown, @Res({ passthrough: true }) res: Response) {
    res.status(handlers.assign(session, body));
    return {};
  }

  @Post('renew')
  renew(@Session() session: Values) {
    return handlers.renew(session);
  }

  @Post('rotate')
  rotate(@Session() session: Values) {
    return handlers.rotate(session);
  }

  @Post('leave')
  leave(@Session() session: Values) {
    return handlers.leave(session);
  }
}

export async function startFuzzedNest(options: SessionModuleOptions): Promise<FuzzedApp> {
  const { address, log } = await startApp({ imports: [SessionModule.forRoot(options)], controllers: [FuzzController] });
  return { address, failures: log.errors };
}
