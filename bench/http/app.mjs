import { All, Controller, Get, Module, Post, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import session from 'express-session';
import { SessionModule, SessionStore } from '../../dist/index.js';
import { SECRET } from './signed-cookie.mjs';

/** Handlers that do nothing but what is measured. */
class VisitsController {
  nothing() {
    return { visits: 0 };
  }

  look({ session: { visits } }) {
    return { visits };
  }

  visit({ session: visited }) {
    visited.visits = (visited.visits ?? 0) + 1;
    return { visits: visited.visits };
  }
}

// Decorators as TypeScript would call them.
function route(method, decorator) {
  decorator(VisitsController.prototype, method, Object.getOwnPropertyDescriptor(VisitsController.prototype, method));
  Req()(VisitsController.prototype, method, 0);
}
Controller()(VisitsController);
route('nothing', All('nothing'));
route('look', Get('look'));
route('visit', Post('visit'));

/**
 * A Nest application with sessions of a store, or without any. Ours come as the module; the others as express-session,
 * as their documentation shows it. Resolves to the port and to what the store is filled by.
 */
export async function startApp(entry, where) {
  const AppModule = class {};
  const imports = entry?.optionsFor ? [SessionModule.forRoot({ secret: SECRET, ...entry.optionsFor(where) })] : [];
  Module({ imports, controllers: [VisitsController] })(AppModule);
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  let handle;
  if (entry?.optionsFor) {
    handle = { store: app.get(SessionStore), close: async () => {} };
    await handle.store.ping();
  } else if (entry) {
    handle = await entry.open(where);
    app.use(
      entry.middlewareOf?.(handle.store) ??
        session({ store: handle.store, secret: SECRET, name: 'sid', resave: false, saveUninitialized: false }),
    );
  }
  await app.listen(0, '127.0.0.1');
  const close = async () => {
    await app.close();
    await handle?.close();
  };
  return { handle, port: app.getHttpServer().address().port, close };
}
