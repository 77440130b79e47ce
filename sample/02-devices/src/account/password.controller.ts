import { Body, Controller, Get, Post, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { RequireSession, Session, SessionStore } from 'nestjs-typeorm-session';
import { confirmPage, passwordPage } from '../pages/password.page.js';
import { fresh } from '../session.js';
import { TextPipe } from '../text.pipe.js';
import { CurrentUser, UserGuard } from '../users/current-user.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';

const shortest = 12;

@Controller()
@UseGuards(UserGuard)
export class PasswordController {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionStore,
  ) {}

  @Get('password')
  @RequireSession({ user: true, fresh })
  show(@CurrentUser() user: User) {
    return passwordPage(user, { shortest });
  }

  @Post('password')
  @RequireSession({ user: true, fresh })
  async change(
    @Session() session: Session,
    @CurrentUser() user: User,
    @Body('password', TextPipe) password: string,
    @Res({ passthrough: true }) response: Response,
  ) {
    if (password.length < shortest) {
      response.status(400);
      return passwordPage(user, { shortest, fault: `A password has at least ${shortest} characters.` });
    }
    await this.users.setPassword(user.id, password);
    const others = await this.sessions.revokeUser(user.id, { except: session });
    await session.rotate(); // whoever has a copy of this browser's cookie is out, too
    session.notice = `Your password is changed. Other devices that were signed out: ${others}.`;
    return response.redirect(303, '/#devices');
  }

  /** Asks for the password again; the filter sends everybody here whose sign-in is not fresh. */
  @Get('confirm')
  @RequireSession({ user: true })
  ask(@CurrentUser() user: User) {
    return confirmPage(user);
  }

  @Post('confirm')
  @RequireSession({ user: true })
  async confirm(
    @Session() session: Session,
    @CurrentUser() user: User,
    @Body('password', TextPipe) password: string,
    @Res({ passthrough: true }) response: Response,
  ) {
    if (!(await this.users.authenticate(user.name, password))) {
      response.status(401);
      return confirmPage(user, 'This is not your password.');
    }
    await session.login(user.id); // the sign-in is fresh again, under a new id
    return response.redirect(303, '/password');
  }
}
