import { Controller, UseFilters, Catch, type ExceptionFilter } from '@nestjs/common';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import type { Server } from 'node:net';
import { Session, SessionHandle, SessionLock, SessionModule } from 'nestjs-typeorm-session';
import { firstValueFrom, of } from 'rxjs';
import { expect, it, onTestFinished } from 'vitest';
import { embedded } from '../support/embedded.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';

/** Sends the client what a handler of this application throws. */
@Catch()
class TellingFilter implements ExceptionFilter<Error> {
  catch(error: Error) {
    return of({ error: error.message });
  }
}

@UseFilters(TellingFilter)
@Controller()
class CartHandlers {
  @MessagePattern('session')
  session(@Session() session: Session) {
    return { views: session.views };
  }

  @MessagePattern('handle')
  handle(@SessionHandle() handle: string | undefined) {
    return { handle };
  }

  @SessionLock()
  @MessagePattern('locked')
  locked() {
    return {};
  }

  @MessagePattern('plain')
  plain() {
    return { total: 3 };
  }
}

it('a session in a microservice handler is an error that names the handler and the remedy', async () => {
  const sessions = SessionModule.forRoot({ secret: SECRET, connection: embedded });
  let server: Server | undefined;
  await startApp({ imports: [sessions], controllers: [CartHandlers] }, async (app) => {
    const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } } as const;
    const microservice = app.connectMicroservice(options);
    await app.startAllMicroservices();
    server = microservice.unwrap<Server>();
  });
  const { port } = server!.address() as { port: number };
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
  onTestFinished(() => void client.close());
  const send = (pattern: string) => firstValueFrom(client.send<unknown>(pattern, {}));

  await expect(send('plain')).resolves.toEqual({ total: 3 });
  for (const handler of ['session', 'handle', 'locked']) {
    const error = `CartHandlers.${handler} is a microservice handler, which has no request and no session.`;
    await expect(send(handler)).resolves.toEqual({ error: expect.stringContaining(error) });
  }
});
