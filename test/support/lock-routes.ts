import { Controller, Param, Post, Req, Res, type Type } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Session, SessionLock } from 'nestjs-typeorm-session';

/** What a route does with the session of its request. */
export type Handler = (session: Session, req: Request, res: Response) => unknown;

/**
 * Routes that a test writes where it needs them: `POST /<name>` runs a handler as it is, `POST /locked/<name>` under
 * `@SessionLock()`, `POST /brief/<name>` under one that waits for 2 s, `POST /hasty/<name>` under one that waits for 200 ms, and
 * `POST /short/<name>` under one that ends after 200 ms.
 */
export function routesOf(handlers: Readonly<Record<string, Handler>>): Type {
  const run = (name: string, ...args: Parameters<Handler>): unknown => handlers[name]!(...args);

  @Controller()
  class HandlersController {
    @Post(':name')
    free(@Param('name') name: string, @Session() session: Session, @Req() req: Request, @Res({ passthrough: true }) res: Response) {
      return run(name, session, req, res);
    }

    @SessionLock()
    @Post('locked/:name')
    locked(
      @Param('name') name: string,
      @Session({ required: false }) session: Session,
      @Req() req: Request,
      @Res({ passthrough: true }) res: Response,
    ) {
      return run(name, session, req, res);
    }

    @SessionLock({ wait: '2s' })
    @Post('brief/:name')
    brief(@Param('name') name: string, @Session() session: Session, @Req() req: Request, @Res({ passthrough: true }) res: Response) {
      return run(name, session, req, res);
    }

    @SessionLock({ wait: '200ms' })
    @Post('hasty/:name')
    hasty(@Param('name') name: string, @Session() session: Session, @Req() req: Request, @Res({ passthrough: true }) res: Response) {
      return run(name, session, req, res);
    }

    @SessionLock({ maxHold: '200ms' })
    @Post('short/:name')
    short(@Param('name') name: string, @Session() session: Session, @Req() req: Request, @Res({ passthrough: true }) res: Response) {
      return run(name, session, req, res);
    }
  }
  return HandlersController;
}

/** Handlers that count the views of a session. */
export const viewHandlers = {
  login(session) {
    session.views = 0;
  },
  views: (session) => ({ views: session.views }),
  count: (session) => ({ views: (session.views = (session.views ?? 0) + 1) }),
} satisfies Record<string, Handler>;
