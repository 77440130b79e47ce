import { Controller, Get, Module, Param, ParseIntPipe, Post } from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RequireSession, Session } from 'nestjs-typeorm-session';
import './session-data.js';

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

  @Post('sign-in/:level')
  async signIn(@Session() session: Session, @Param('level', ParseIntPipe) level: number) {
    await session.login('ann', { level });
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

@Module({ controllers: [GuardedController, StrictController] })
export class GuardedModule {}
