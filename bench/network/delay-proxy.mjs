import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * A way to a server that takes this many milliseconds in each direction, as a network does: bytes arrive later, in their order, and any
 * number of them is on the way. To be run in a process of its own, so that it takes no time from the store that is measured.
 */
export async function openDelayProxy(target, delayMs) {
  const sockets = new Set();
  const server = createServer({ noDelay: true }, (client) => {
    const remote = connect({ ...target, noDelay: true });
    for (const [from, to] of [
      [client, remote],
      [remote, client],
    ]) {
      sockets.add(from);
      const end = () => {
        sockets.delete(from);
        to.destroy();
      };
      from.on('data', (bytes) => (delayMs > 0 ? setTimeout(() => to.write(bytes), delayMs) : to.write(bytes)));
      from.on('error', end);
      from.on('close', end);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: server.address().port, close };
}
