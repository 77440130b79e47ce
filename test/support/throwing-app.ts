import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { SESSION_MIDDLEWARE, SessionModule, type SessionModuleOptions, type SessionStore } from 'nestjs-typeorm-session';
import { createSessionMiddleware } from 'nestjs-typeorm-session/express';
import { embedded } from './embedded.js';
import { startExpress } from './express-app.js';
import { startApp } from './nest-app.js';

/** What a handler does before it answers. */
export type Act = (req: Request, res: Response) => unknown;

/** The ways in which an answer begins. */
export const WAYS = ['end', 'write', 'flushHeaders', 'endless'] as const;
export type Way = (typeof WAYS)[number];

/** An application whose handlers do whatever `act` says now. */
export interface ThrowingApp {
  readonly address: string;
  readonly store: SessionStore;
  act: Act;
}

async function answer(app: Pick<ThrowingApp, 'act'>, way: Way, req: Request, res: Response): Promise<void> {
  if (way === 'endless') {
    // The head is let go, and the client goes away after it.
    res.write('begun', () => void app.act(req, res));
    return;
  }
  await app.act(req, res);
  if (way === 'write') res.write('a part, ');
  if (way === 'flushHeaders') res.flushHeaders();
  res.end('the rest');
}

const begin = ({ session }: Request, res: Response) => {
  session.views = 1;
  res.end('begun');
};

export async function startThrowing(
  framework: 'Express' | 'Nest',
  options: Partial<SessionModuleOptions>,
  wrap: (res: Response) => void,
): Promise<ThrowingApp> {
  const given = { secret: 'secret', connection: embedded, prune: false, ...options } as const;
  const state: { act: Act } = { act: () => undefined };
  const wrapping = (_req: Request, res: Response, next: NextFunction) => {
    wrap(res);
    next();
  };
  if (framework === 'Express') {
    const middleware = createSessionMiddleware(given);
    const address = await startExpress((app) => {
      app.use(wrapping, middleware);
      app.get('/begin', begin);
      app.get('/ping', ({ session }, res) => void res.json({ hasSession: session !== undefined }));
      app.get('/:way', (req, res) => answer(state, req.params.way as Way, req, res));
      app.use((error: Error & { statusCode?: number }, _req: Request, res: Response, next: NextFunction) => {
        if (res.headersSent) return next(error);
        res.status(error.statusCode ?? 500).json({ message: String(error) });
      });
    });
    return Object.assign(state, { address, store: middleware.store });
  }

  @Controller()
  class ThrowingController {
    @Get('begin')
    begin(@Req() req: Request, @Res() res: Response) {
      begin(req, res);
    }

    @Get('ping')
    ping(@Req() req: Request) {
      return { hasSession: req.session !== undefined };
    }

    @Get(':way')
    async answer(@Req() req: Request, @Res() res: Response, @Param('way') way: Way) {
      await answer(state, way, req, res);
    }
  }
  const root = { imports: [SessionModule.forRoot({ ...given, autoMount: false })], controllers: [ThrowingController] };
  const { address, store } = await startApp(root, (app) => void app.use(wrapping, app.get(SESSION_MIDDLEWARE)));
  return Object.assign(state, { address, store });
}
