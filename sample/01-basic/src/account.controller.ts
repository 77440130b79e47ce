import { Body, Controller, Post, Redirect } from '@nestjs/common';
import { Session } from 'nestjs-typeorm-session';

@Controller()
export class AccountController {
  /** Takes any name of up to 40 characters for granted; a real application would ask for proof. */
  @Post('sign-in')
  @Redirect('/', 303)
  async signIn(@Session() session: Session, @Body('name') name: unknown) {
    const userId = typeof name === 'string' ? name.trim() : '';
    if (!/^.{1,40}$/u.test(userId)) return;

    // Under a new id, so that one that was known before the sign-in is worth nothing after it. The cart comes along.
    await session.login(userId);
  }

  @Post('sign-out')
  @Redirect('/', 303)
  async signOut(@Session() session: Session) {
    await session.logout();
  }
}
