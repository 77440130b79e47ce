import { Controller, Get, Param, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Session, SessionHandle } from 'nestjs-typeorm-session';
import './session-data.js';

/** Routes that do to a session what a database that is away may hinder. */
@Controller()
export class OutageController {
  @Get('theme')
  theme(@Session('theme') theme: string | undefined, @SessionHandle() handle: string | undefined) {
    return { theme, handle };
  }

  @Post('theme/:theme')
  setTheme(@Session() session: Session, @Param('theme') theme: string) {
    session.theme = theme;
  }

  @Post('null')
  setNull(@Req() req: Request) {
    (req as { session: unknown }).session = null;
  }

  @Post('user/:userId')
  setUser(@Session() session: Session & { userId?: string }, @Param('userId') userId: string) {
    session.userId = userId;
  }

  @Post('by-hand/:method')
  async byHand(@Req() req: Request, @Param('method') method: 'save' | 'destroy' | 'regenerate' | 'rotate') {
    req.session.theme = 'by hand';
    await req.session[method]();
  }
}
