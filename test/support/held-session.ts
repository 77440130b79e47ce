import { Controller, Get, Param, Post, Res, type Type } from '@nestjs/common';
import type { Response } from 'express';
import { Session, type SessionStore } from 'nestjs-typeorm-session';
import { nodeResponse } from './adapters.js';
import { Barrier } from './barrier.js';
import './session-data.js';

/** A controller whose `hold` requests wait, with their session loaded, at the barrier given last. */
export interface HeldSession {
  readonly controller: Type;
  /** The barrier at which the next `hold` requests will wait. */
  newBarrier(): Barrier;
}

/** Copies of a session, as they may take its place on the request. */
export const COPIES = {
  spread: (session: Session) => ({ ...(session as object) }) as Session,
  assigned: (session: Session) => Object.assign({}, session),
  parsed: (session: Session) => JSON.parse(JSON.stringify(session)) as Session,
  proxied: (session: Session) => new Proxy(session, {}),
  ofAnotherRow: async (session: Session) => {
    const { req } = session as Session & { req: { sessionStore: SessionStore } };
    const { sessionStore: store } = req;
    await store.set('the id of another row', { ...(session as object) } as never);
    const data = await store.get('the id of another row');
    await store.destroy('the id of another row');
    return data as Session;
  },
  inherited: (session: Session) => Object.assign(Object.create(session) as Session, session),
};

/** Routes to sign in and out by, and to hold a session while somebody else ends it. */
export function holdSessions(): HeldSession {
  let barrier = new Barrier();

  @Controller()
  class HeldController {
    @Post('login')
    login(@Session() session: Session) {
      session.userId = 'ada';
      session.views = 1;
    }

    @Get('me')
    me(@Session() session: Session) {
      return { userId: session.userId, views: session.views, locale: session.locale, theme: session.theme };
    }

    @Post('logout')
    async logout(@Session() session: Session) {
      await session.destroy();
    }

    @Post('regenerate/:locale')
    async regenerate(@Session() session: Session, @Param('locale') locale: string) {
      const { req } = session as Session & { req: { session: Session } };
      await session.regenerate();
      req.session.locale = locale;
    }

    @Post('locale/:locale')
    changeLocale(@Session() session: Session, @Param('locale') locale: string) {
      session.locale = locale;
    }

    @Get('hold')
    async hold(@Session() session: Session) {
      await barrier.wait();
      return { userId: session.userId };
    }

    @Post('hold/:theme')
    async holdAndChange(@Session() session: Session, @Param('theme') theme: string) {
      await barrier.wait();
      session.theme = theme;
      return { userId: session.userId };
    }

    @Post('replace/:how')
    async holdAndReplace(@Session() session: Session, @Param('how') how: keyof typeof COPIES) {
      const { req } = session as Session & { req: { session: Session } };
      await barrier.wait();
      req.session = await COPIES[how](session);
      req.session.theme = 'dark';
      return { userId: session.userId };
    }

    @Get('stream/:theme')
    async streamAndChange(@Session() session: Session, @Res() reply: Response, @Param('theme') theme: string) {
      const res = nodeResponse(reply, { takeOver: true });
      res.write('begun, ');
      await barrier.wait();
      session.theme = theme;
      res.end('ended');
    }

    @Post('save/:theme')
    async holdAndSave(@Session() session: Session, @Param('theme') theme: string) {
      await barrier.wait();
      session.theme = theme;
      await session.save();
    }
  }

  return { controller: HeldController, newBarrier: () => (barrier = new Barrier()) };
}
