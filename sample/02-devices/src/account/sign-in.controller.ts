import { Body, Controller, Get, Post, Query, Redirect, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Session } from 'nestjs-typeorm-session';
import { signInPage } from '../pages/sign-in.page.js';
import { TextPipe } from '../text.pipe.js';
import { UsersService } from '../users/users.service.js';

@Controller()
export class SignInController {
  constructor(private readonly users: UsersService) {}

  @Get('sign-in')
  show(@Session() session: Session, @Query('ended') ended: unknown, @Res({ passthrough: true }) response: Response) {
    if (session.userId !== undefined) return response.redirect(303, '/');
    return signInPage(ended === undefined ? {} : { notice: 'You have been signed out.' });
  }

  @Post('sign-in')
  async signIn(
    @Session() session: Session,
    @Body('name', TextPipe) name: string,
    @Body('password', TextPipe) password: string,
    @Res({ passthrough: true }) response: Response,
  ) {
    const user = await this.users.authenticate(name, password);
    if (!user) {
      response.status(401);
      return signInPage({ name, fault: 'This name and this password do not belong together.' });
    }
    await session.login(user.id); // a new id, so that one that was known before the sign-in is worth nothing after it
    return response.redirect(303, '/');
  }

  @Post('sign-out')
  @Redirect('/sign-in', 303)
  async signOut(@Session() session: Session) {
    await session.logout();
  }
}
