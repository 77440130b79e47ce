// Sends requests over connections that stay open, in a process of its own.
import { connect } from 'node:net';
import { once } from 'node:events';
import { summarize } from '../measure/summary.mjs';
import { answer } from '../measure/worker-calls.mjs';
import { sidOf } from '../stores/sample-session.mjs';
import { cookieOf } from './signed-cookie.mjs';

const HEAD_END = '\r\n\r\n';

const requestOf = (method, path, sid) =>
  `${method} ${path} HTTP/1.1\r\nHost: bench\r\n` +
  (sid ? `Cookie: ${cookieOf(sid)}\r\n` : '') +
  (method === 'POST' ? 'Content-Length: 0\r\n\r\n' : '\r\n');

/** One connection, with one request under way at a time. */
class Connection {
  received = '';

  static async open(port) {
    const connection = new Connection();
    connection.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(connection.socket, 'connect');
    connection.socket.setEncoding('latin1');
    connection.socket.on('data', (text) => connection.receive(text));
    connection.socket.on('close', () => connection.fail?.(new Error('The server closed the connection.')));
    connection.socket.on('error', () => {});
    return connection;
  }

  /** Resolves to the body. */
  send(request) {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.fail = reject;
      this.socket.write(request, 'latin1');
    });
  }

  receive(text) {
    this.received += text;
    const headEnd = this.received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.received.slice(0, headEnd);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    const body = this.received.slice(headEnd + HEAD_END.length);
    if (body.length < length) return;
    this.received = '';
    if (/^HTTP\/1\.1 20\d /.test(head)) this.resolve(body);
    else this.fail(new Error(`${head.split('\r\n')[0]} ${body}`));
  }

  close() {
    this.fail = undefined;
    this.socket.destroy();
  }
}

/** Requests of somebody with a known session, of somebody without one, and of somebody who gets one. */
const REQUESTS = {
  known: (sid) => ({ look: requestOf('GET', '/look', sid), visit: requestOf('POST', '/visit', sid) }),
  anonymous: () => ({ look: requestOf('GET', '/nothing'), visit: requestOf('POST', '/nothing') }),
  new: () => ({ look: requestOf('POST', '/visit'), visit: requestOf('POST', '/visit') }),
};

/** What one connection asks for: sessions that no other connection uses, in turn, and with some of them a change. */
function* requestsOf({ sessions, writeShare, visitors }, index, connections) {
  const own = [];
  for (let i = 1 + index; i <= sessions; i += connections) own.push(REQUESTS[visitors](sidOf(i)));
  // So that each session was seen within the touch interval.
  for (const { look } of own) yield look;
  for (;;) {
    for (const { look, visit } of own) yield Math.random() < writeShare ? visit : look;
  }
}

let lanes = [];

answer({
  /** Opens the connections and asks for each session once. */
  async open({ port, connections, ...load }) {
    const open = async (_, index) => ({ connection: await Connection.open(port), requests: requestsOf(load, index, connections) });
    lanes = await Promise.all(Array.from({ length: connections }, open));
    const warmUp = async ({ connection, requests }) => {
      for (let left = Math.ceil(load.sessions / connections); left > 0; left--) await connection.send(requests.next().value);
    };
    await Promise.all(lanes.map(warmUp));
  },
  async run(seconds) {
    const latencies = [];
    const start = performance.now();
    const end = start + seconds * 1_000;
    const send = async ({ connection, requests }) => {
      for (let now = performance.now(); now < end;) {
        const begun = now;
        await connection.send(requests.next().value);
        now = performance.now();
        latencies.push(now - begun);
      }
    };
    await Promise.all(lanes.map(send));
    const { count, perSecond, p50Ms, p99Ms } = summarize([{ latencies, seconds: (performance.now() - start) / 1_000, cpuMicros: 0 }]);
    for (const { connection } of lanes) connection.close();
    return { count, perSecond, p50Ms, p99Ms };
  },
  close() {},
});
