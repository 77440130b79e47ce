import { Controller, Post } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  Session,
  SessionHandle,
  SessionLock,
  SessionModule,
  withSessions,
  type SessionModuleOptions,
  type SocketSessionOptions,
} from 'nestjs-typeorm-session';
import type { Adapter } from './adapters.js';
import { startApp, type TestApp } from './nest-app.js';
import { SECRET } from './secret.js';
import type { SocketKind } from './socket-client.js';

const reply = (data: unknown) => ({ event: 'reply', data });

@WebSocketGateway()
class ViewsGateway {
  @SubscribeMessage('read')
  read(@Session() session: Session, @Session('views') views: number | undefined, @SessionHandle() handle: string | undefined) {
    return reply({ views, handle, same: session.views === views && session.handle === handle });
  }

  @SubscribeMessage('count')
  async count(@Session() session: Session) {
    session.views = (session.views ?? 0) + 1;
    await session.save();
    return reply({ views: session.views });
  }

  @SubscribeMessage('reload')
  async reload(@Session() session: Session) {
    await session.reload();
    return reply('done');
  }

  @SessionLock({ wait: '10s' })
  @SubscribeMessage('locked-count')
  async lockedCount(@Session() session: Session) {
    const { views = 0 } = session;
    await new Promise(setImmediate);
    session.views = views + 1;
    return reply({ views: session.views });
  }

  @SubscribeMessage('leave')
  async leave(@Session() session: Session) {
    await session.destroy();
  }

  @SubscribeMessage('rotate')
  async rotate(@Session() session: Session) {
    const { id } = session;
    await session.rotate();
    return reply({ hasNewId: session.id !== id });
  }

  @SubscribeMessage('login')
  async login(@Session() session: Session) {
    await session.login('ada');
    return reply({ userId: session.userId });
  }
}

@Controller()
class ViewsController {
  @Post('begin')
  begin(@Session() session: Session) {
    session.views = 1;
  }

  @Post('count')
  count(@Session() session: Session) {
    session.views = (session.views ?? 0) + 1;
    return { views: session.views };
  }

  @Post('leave')
  async leave(@Session() session: Session) {
    await session.destroy();
  }

  @Post('rotate')
  async rotate(@Session() session: Session) {
    await session.rotate();
  }
}

/** An application whose gateway reads and changes the sessions of its sockets; each has a heartbeat of 20 ms, unless another is given. */
export function startSockets(
  kind: SocketKind,
  adapter: Adapter,
  options: Partial<SessionModuleOptions>,
  heartbeat: SocketSessionOptions['heartbeat'] = 20,
): Promise<TestApp> {
  const sessions = SessionModule.forRoot({ secret: SECRET, ...options });
  return startApp(
    { imports: [sessions], controllers: [ViewsController], providers: [ViewsGateway] },
    (app) => {
      const sockets = kind === 'Socket.IO' ? new IoAdapter(app) : new WsAdapter(app);
      app.useWebSocketAdapter(withSessions(sockets, app, { heartbeat }));
    },
    adapter,
  );
}
