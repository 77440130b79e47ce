import { once } from 'node:events';
import express from 'express';
import { createSessionMiddleware, SessionEntity } from 'nestjs-typeorm-session/express';
import { DataSource } from 'typeorm';

/** What the cookies of all instances are signed with. */
const SECRET = 'a long secret of the cluster, which nobody needs to know';

/** One instance of an application, with a connection pool of its own. */
export async function startApp(database, { operationTimeout = 2_000, ...options } = {}) {
  const dataSource = new DataSource({ poolSize: 5, ...database, entities: [SessionEntity] });
  await dataSource.initialize();
  const sessions = createSessionMiddleware({ secret: SECRET, dataSource, operationTimeout, prune: false, ...options });
  const server = appWith(sessions).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await sessions.store.close();
    await dataSource.destroy();
  };
  return { address: `http://127.0.0.1:${server.address().port}`, store: sessions.store, dataSource, operationTimeout, close };
}

/** A session holds numbers, and the sample's ways with it: look, put something in, sign in, sign out; and a rotation. */
function appWith(sessions) {
  const app = express();
  app.use(sessions);
  app.get('/look', ({ session }, res) => res.json(numbersIn(session)));
  app.post('/put/:key/:value', ({ session, params }, res) => {
    session[params.key] = Number(params.value);
    res.json(numbersIn(session));
  });
  app.post('/sign-in/:name', async (req, res) => {
    const numbers = numbersIn(req.session);
    await req.session.regenerate();
    Object.assign(req.session, numbers, { userId: req.params.name });
    res.json(numbers);
  });
  app.post('/rotate', async ({ session }, res) => {
    await session.rotate();
    res.json(numbersIn(session));
  });
  app.post('/sign-out', async ({ session }, res) => {
    await session.destroy();
    res.json({});
  });
  app.use((error, _req, res, _next) => {
    res.status(error.status ?? 500).json({ code: error.code, message: error.message, cause: error.cause?.message });
  });
  return app;
}

export function numbersIn(session) {
  return Object.fromEntries(Object.entries(session).filter(([, value]) => typeof value === 'number'));
}
