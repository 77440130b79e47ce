// An application with sessions, and many browsers.
import { Agent, createServer, request } from 'node:http';
import { once } from 'node:events';

const AT_ONCE = 20;

/** `/login?user=ann`, `/logout`, `/visit`, which counts, and `/me`. */
export async function serve(middleware) {
  const server = createServer((req, res) => {
    middleware(req, res, (error) => {
      const send = (failure, body = '') => {
        res.statusCode = failure ? 500 : 200;
        res.end(failure ? String(failure.stack) : body);
      };
      if (error) {
        send(error);
        return;
      }
      const { pathname, searchParams } = new URL(req.url, 'http://localhost');
      if (pathname === '/login') req.session.userId = searchParams.get('user');
      if (pathname === '/visit') req.session.views = (req.session.views ?? 0) + 1;
      if (pathname === '/logout') req.session.destroy((failure) => send(failure));
      else send(undefined, `${req.session.userId ?? ''} ${req.session.views ?? ''}`.trim());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const { port } = server.address();

  const get = (path, cookie) =>
    new Promise((resolve, reject) => {
      const sent = request({ port, path, agent, headers: cookie ? { cookie } : {} });
      sent.on('error', reject);
      sent.on('response', (res) => {
        const answer = async () => {
          const body = (await res.setEncoding('utf8').toArray()).join('');
          if (res.statusCode !== 200) throw new Error(`${path}: ${res.statusCode} ${body}`);
          return { body, cookie: res.headers['set-cookie']?.[0].split(';')[0] };
        };
        answer().then(resolve, reject);
      });
      sent.end();
    });
  return {
    get,
    async close() {
      agent.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Some at a time, in their order. */
export async function each(items, work) {
  const results = [];
  const left = [...items.entries()].toReversed();
  const worker = async () => {
    for (let next; (next = left.pop());) results[next[0]] = await work(next[1], next[0]);
  };
  // None is at work any more when the servers are closed.
  for (const { reason } of await Promise.allSettled(Array.from({ length: AT_ONCE }, worker))) if (reason) throw reason;
  return results;
}
