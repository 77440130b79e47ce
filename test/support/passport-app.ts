import { type MiddlewareConsumer, Controller, Get, Module, Post, Req, RequestMethod, Res, UnauthorizedException } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import passport from 'passport';
import { startApp, type TestApp } from './nest-app.js';
import { SECRET } from './secret.js';

/** Who says `?user=ada` is Ada. */
class TrustingStrategy extends passport.Strategy {
  override name = 'trusting';

  override authenticate(req: Request): void {
    if (req.query.user === 'ada') this.success({ id: 'ada' });
    else this.fail('nobody', 401);
  }
}

@Controller()
class LoginController {
  @Get('me')
  me(@Req() req: Request) {
    if (!req.isAuthenticated()) throw new UnauthorizedException();
    return { user: req.user, views: req.session.views };
  }

  @Get('view')
  view(@Req() { session }: Request) {
    return { views: (session.views = (session.views ?? 0) + 1) };
  }

  @Post('logout')
  logout(@Req() req: Request, @Res() res: Response) {
    req.logout((error?: unknown) => (error ? res.status(500).send('not signed out') : res.redirect('/view')));
  }
}

/** An application with passport's own middleware behind the sessions: in a module, or in `main.ts`, as Nest's own pages show it. */
export function startPassport(
  options: Partial<SessionModuleOptions>,
  { keepSessionInfo = false, isInMain = false }: { keepSessionInfo?: boolean; isInMain?: boolean } = {},
): Promise<TestApp> {
  const authenticator = new passport.Passport();
  authenticator.use(new TrustingStrategy());
  authenticator.serializeUser((user, done) => done(null, (user as { id: string }).id));
  authenticator.deserializeUser((id, done) => done(null, { id: id as string }));
  const authenticate = authenticator.authenticate('trusting', { successRedirect: '/me', keepSessionInfo }) as (
    req: Request,
    res: Response,
    next: NextFunction,
  ) => void;

  @Module({ imports: [SessionModule.forRoot({ secret: SECRET, ...options })], controllers: [LoginController] })
  class PassportModule {
    configure(consumer: MiddlewareConsumer) {
      if (!isInMain) consumer.apply(authenticator.session()).forRoutes('{*splat}');
      consumer.apply(authenticate).forRoutes({ path: 'login', method: RequestMethod.POST });
    }
  }
  return startApp(PassportModule, (app) => {
    if (isInMain) app.use(authenticator.initialize(), authenticator.session());
  });
}
