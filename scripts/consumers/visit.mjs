import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** Starts an application and visits it as browsers would: a session counts on, and that of a stranger begins anew. */
export async function visit(folder, main, { command = process.execPath, args = [], env = {} } = {}) {
  const port = await freePort();
  const server = spawn(command, [...args, main], {
    cwd: folder,
    env: { ...process.env, PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  });
  let printed = '';
  for (const stream of [server.stdout, server.stderr]) stream.setEncoding('utf8').on('data', (text) => (printed += text));
  const ended = once(server, 'close');
  try {
    await listening(server, port);
    const address = `http://localhost:${port}/views`;
    const first = await fetch(address);
    const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const second = await fetch(address, { headers: { cookie } });
    const stranger = await fetch(address);
    const views = await Promise.all([first, second, stranger].map((response) => response.text()));
    if (views.join() !== '{"views":1},{"views":2},{"views":1}') throw new Error(`It answered ${views.join(', ')}.`);
  } catch (cause) {
    server.kill();
    await ended;
    throw new Error(`${command} ${main} in ${folder}: ${cause.message}\n${printed}`, { cause });
  }
  server.kill();
  await ended;
}

async function freePort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Knocks until the application opens; its time-out ends it where it never does. */
async function listening(server, port) {
  while (server.exitCode === null && server.signalCode === null) {
    const socket = connect(port, 'localhost');
    const opened = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (opened) return;
    await setTimeout(50);
  }
  throw new Error('The application ended before it listened.');
}
