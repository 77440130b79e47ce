import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { SessionModule } from 'nestjs-typeorm-session';
import { expect, it, onTestFinished } from 'vitest';
import { embedded } from '../support/embedded.js';
import { moduleOf } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';

class KoaAdapter extends ExpressAdapter {
  override getType(): string {
    return 'koa';
  }
}

async function start(autoMount: boolean): Promise<void> {
  const module = moduleOf({ imports: [SessionModule.forRoot({ secret: SECRET, connection: embedded, autoMount })] });
  const app = await NestFactory.create(module, new KoaAdapter(), { logger: false, abortOnError: false });
  onTestFinished(() => app.close());
  await app.init();
}

it('T13, at the start: a server that is neither Express nor Fastify is refused, unless the application mounts the sessions', async () => {
  await expect(start(true)).rejects.toThrow(/runs on "koa".*`autoMount: false`.*SESSION_MIDDLEWARE/);
  await start(false);
});
