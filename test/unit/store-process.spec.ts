import { describe, expect, it } from 'vitest';
import { useProcess } from '../support/store-process.js';
import { embedded } from '../support/embedded.js';

const connection = `connection: ${JSON.stringify(embedded)}`;
const cookie = 'cookie: { originalMaxAge: null, expires: null }';

describe('a process of its own', () => {
  const run = useProcess();

  it('ends by itself while the store is open and its pruner waits', async () => {
    const printed = await run(`
      const store = createSessionStore({ ${connection}, prune: { interval: '10m' } });
      await store.set('a', { ${cookie} });
      console.log(JSON.stringify(await store.length()));
    `);
    expect(printed).toBe(1);
  });

  it.each([
    ['get', "store.get('a', done)"],
    ['get of what is malformed', "store.get('', done)"],
    ['set', `store.set('a', { ${cookie} }, done)`],
    ['touch', `store.touch('a', { ${cookie} }, done)`],
    ['destroy', "store.destroy('a', done)"],
    ['all', 'store.all(done)'],
    ['length', 'store.length(done)'],
    ['clear', 'store.clear(done)'],
    ['save of a session', 'session.save(done)'],
    ['reload of a session', 'session.reload(done)'],
    ['regenerate of a session', 'session.regenerate(done)'],
    ['destroy of a session', 'session.destroy(done)'],
  ])('what the callback of %s throws is uncaught and comes back to nobody', async (_, call) => {
    const printed = await run(`
      const { Cookie } = (await import('express-session')).default;
      const store = createSessionStore({ ${connection} });
      await store.set('a', { ${cookie} });
      const session = store.createSession({ sessionID: 'a', sessionStore: store }, await store.get('a'));
      store.generate = (req) => Object.assign(req, { sessionID: 'b', session: { cookie: new Cookie() } });
      const seen = { calls: [], uncaught: [], unhandled: [] };
      process.on('uncaughtException', (error) => seen.uncaught.push(error.message));
      process.on('unhandledRejection', (error) => seen.unhandled.push(String(error)));
      const done = (error) => {
        seen.calls.push(error ? String(error) : null);
        throw new Error('thrown by the callback');
      };
      ${call};
      await store.close();
      await new Promise((resolve) => setImmediate(resolve));
      console.log(JSON.stringify(seen));
    `);
    expect(printed).toEqual({ calls: [null], uncaught: ['thrown by the callback'], unhandled: [] });
  });

  it('survives a listener of an event that rejects', async () => {
    const printed = await run(`
      const store = createSessionStore({ ${connection} });
      const seen = [];
      process.on('unhandledRejection', (error) => seen.push(String(error)));
      store.on('saved', async () => {
        throw new Error('an audit log that fails');
      });
      await store.set('a', { ${cookie} });
      await new Promise((resolve) => setImmediate(resolve));
      await store.close();
      console.log(JSON.stringify(seen));
    `);
    expect(printed).toEqual([]);
  });

  it('survives an un-awaited save() that fails under the application’s own session()', async () => {
    const printed = await run(`
      const { default: session } = await import('express-session');
      const { default: express } = await import('express');
      const store = createSessionStore({ ${connection} });
      store.set = (sid, data, done) => process.nextTick(done, new Error('no database'));
      const seen = [];
      process.on('unhandledRejection', (error) => seen.push(String(error)));
      const app = express();
      app.use(session({ store, secret: 'x', resave: false, saveUninitialized: false }));
      app.get('/', (req, res) => {
        req.session.views = 1;
        req.session.save();
        res.end('fine');
      });
      const server = app.listen(0);
      await fetch('http://127.0.0.1:' + server.address().port + '/').then((response) => response.text());
      await new Promise((resolve) => setImmediate(resolve));
      server.closeAllConnections();
      server.close();
      console.log(JSON.stringify(seen));
    `);
    expect(printed).toEqual([]);
  });
});
