import { once } from 'node:events';
import express from 'express';

/** Where a request waits, its session loaded, until the race lets it go on. */
export class Hold {
  reached = new Promise((resolve) => (this.tell = resolve));
  opened = new Promise((resolve) => (this.open = resolve));
}

/** An application with sessions; requests with `?hold=<name>` wait at the hold of that name. */
export async function startApp(sessions) {
  const holds = new Map();
  const app = express();
  app.use(sessions);
  app.use(async ({ query }, _res, next) => {
    const hold = holds.get(query.hold);
    hold?.tell();
    await hold?.opened;
    next();
  });
  app.post('/login', (req, res) => {
    req.session.userId = req.query.as;
    if (req.query.redirect) res.redirect('/me');
    else res.json({ isIn: true });
  });
  app.post('/logout', (req, res, next) => req.session.destroy((error) => (error ? next(error) : res.end())));
  app.post('/set/:key', (req, res) => {
    req.session[req.params.key] = true;
    res.end();
  });
  app.get('/look', (_req, res) => res.end());
  app.get('/me', ({ session: { userId, cart, locale, theme } }, res) => res.json({ userId, cart, locale, theme }));
  // What fails is counted by the races; nobody has to read it as well.
  app.use((error, _req, res, _next) => {
    if (!res.headersSent) res.statusCode = error.status ?? 500;
    res.end();
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://127.0.0.1:${server.address().port}`, holds, close };
}

/** Somebody who keeps a cookie, whatever the server says of its age. */
export class Browser {
  constructor({ address, holds }) {
    this.address = address;
    this.holds = holds;
  }

  async send(method, path) {
    const headers = this.cookie ? { cookie: this.cookie } : {};
    const response = await fetch(this.address + path, { method, headers, redirect: 'manual' });
    const [, cookie] = /^(sid=[^;]+)/.exec(response.headers.getSetCookie()[0] ?? '') ?? [];
    this.cookie ??= cookie;
    return response;
  }

  /** Sends a request and waits for all of its answer. */
  async finish(method, path) {
    const response = await this.send(method, path);
    await response.text();
    return response;
  }

  /** Sends a request that waits behind its session's load; the answer comes once it is let go. */
  async hold(method, path) {
    const hold = new Hold();
    const name = String(Math.random());
    this.holds.set(name, hold);
    const answer = this.finish(method, `${path}?hold=${name}`);
    await hold.reached;
    return () => {
      hold.open();
      return answer;
    };
  }

  async me() {
    return (await this.send('GET', '/me')).json();
  }
}
