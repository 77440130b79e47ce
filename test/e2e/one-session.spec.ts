import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { createSessionMiddleware } from '../../lib/express.js';
import { describeEachServer, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { ownSessionEntity } from '../support/table-open.js';

/** More than may wait for the database altogether. */
const PIPELINED = 12_000;
const OTHERS = 8;

describeEachServer(`${PIPELINED} writes of one session on one connection`, (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity]);

  it('cost no other session an answer', { timeout: 180_000 }, async () => {
    const url = await startExpress((app) => {
      // As patient as this machine may be slow.
      app.use(
        createSessionMiddleware({
          secret: 'a secret of the test',
          dataSource: dataSource(),
          entity,
          prune: false,
          operationTimeout: '60s',
        }),
      );
      app.post('/', (req, res) => {
        req.session.views = (req.session.views ?? 0) + 1;
        res.json({ views: req.session.views });
      });
    });
    const post = async (cookie = '') => {
      const response = await fetch(url, { method: 'POST', headers: { cookie } });
      await response.arrayBuffer();
      return { status: response.status, cookie: response.headers.get('set-cookie')?.split(';')[0] ?? cookie };
    };
    const [greedy, ...others] = await Promise.all(Array.from({ length: 1 + OTHERS }, () => post()));

    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
    socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nCookie: ${greedy!.cookie}\r\n\r\n`.repeat(PIPELINED));
    await new Promise((resolve) => socket.once('data', resolve));
    socket.resume();
    const statuses: number[] = [];
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(others.map(({ cookie }) => post(cookie)));
      statuses.push(...answers.map(({ status }) => status));
    }
    socket.destroy();
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});
