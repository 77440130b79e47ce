import { ours, oursCached, oursTouching } from '../stores/ours.mjs';
import { sidOf } from '../stores/sample-session.mjs';
import { cookieOf } from './signed-cookie.mjs';

/** Statements of one request each, on servers of ours that have been set up already. */
export async function countRequestStatements(cast) {
  const serverOf = ({ name }) => cast.find(({ entry }) => entry.name === name)?.worker;
  const kinds = [
    { id: 'anonymous', server: serverOf(ours), request: ['GET', '/nothing'] },
    { id: 'look', server: serverOf(ours), request: ['GET', '/look', sidOf(1)] },
    { id: 'look-late', server: serverOf(oursTouching), request: ['GET', '/look', sidOf(1)] },
    { id: 'look-cached', server: serverOf(oursCached), request: ['GET', '/look', sidOf(1)] },
    { id: 'change', server: serverOf(ours), request: ['POST', '/visit', sidOf(1)] },
  ];
  const counts = [];
  for (const { id, server, request } of kinds) {
    if (server) counts.push({ id, value: await countOne(server, request) });
  }
  return counts;
}

async function countOne(server, [method, path, sid]) {
  const url = `http://127.0.0.1:${await server.call('port')}${path}`;
  const send = async () => {
    const response = await fetch(url, { method, headers: sid ? { cookie: cookieOf(sid) } : {} });
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}.`);
    return response.text();
  };
  // The first one of a process may cost more, and the session is seen by it.
  await send();
  const before = await server.call('statements');
  await send();
  return (await server.call('statements')) - before;
}
