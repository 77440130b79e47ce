import { Controller, Get, Module, Post, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Request } from 'express';
import { RequireSession, Session } from 'nestjs-typeorm-session';
import './session-data.js';

/** How long ago, and how strongly, the users of the next requests have signed in. */
export const signIn: { authenticatedAt: Date | undefined; level: number | undefined } = { authenticatedAt: undefined, level: undefined };

@Controller()
class GuardedController {
  @Post('begin')
  begin(@Session() session: Session) {
    session.views = 1;
  }

  @Post('login')
  login(@Session() session: Session) {
    session.userId = 'ann';
  }

  @RequireSession()
  @Get('session')
  session() {
    return { passed: true };
  }

  @RequireSession({ user: true })
  @Get('user')
  user() {
    return { passed: true };
  }

  @RequireSession({ fresh: '10m' })
  @Get('fresh')
  fresh() {
    return { passed: true };
  }

  @RequireSession({ level: 2 })
  @Get('level')
  level() {
    return { passed: true };
  }
}

@RequireSession({ level: 2 })
@Controller('strict')
class StrictController {
  @Get('any')
  any() {
    return { passed: true };
  }

  @RequireSession({ fresh: '10m', level: 1 })
  @Get('fresh')
  fresh() {
    return { passed: true };
  }
}

@Resolver()
export class GuardedResolver {
  @RequireSession({ fresh: '10m' })
  @Query(() => Boolean)
  passed() {
    return true;
  }
}

@WebSocketGateway()
export class GuardedGateway {
  @RequireSession({ fresh: '10m' })
  @SubscribeMessage('guarded')
  guarded() {
    return { event: 'passed', data: true };
  }
}

/** Until the package signs users in by itself, the moment of it is put on each session here. */
@Module({ controllers: [GuardedController, StrictController] })
export class GuardedModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    const stamp = (req: Request, _res: unknown, next: () => void) => {
      for (const name of ['authenticatedAt', 'level'] as const) {
        Object.defineProperty(req.session, name, { value: signIn[name], configurable: true });
      }
      next();
    };
    consumer.apply(stamp).forRoutes('{*splat}');
  }
}
