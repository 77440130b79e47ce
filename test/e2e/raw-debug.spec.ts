import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { describeEachDatabase, uniqueTableName } from '../support/databases.js';
import { useLibraryProcess } from '../support/library-process.js';
import { SECRET } from '../support/secret.js';

/** The life of a session in an application all of whose libraries say whatever they can; tells what the browser knew. */
const program = `
import 'reflect-metadata';
import { inspect } from 'node:util';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { defineSessionEntity, SESSION_MIDDLEWARE, SessionModule, SessionStore } from './lib/index.js';
import { EVENT_NAMES } from './lib/store/runtime/events.js';

const { connection, logger, tableName, secret } = JSON.parse(process.argv[2]);
const entity = defineSessionEntity({ tableName });
const dataSource = new DataSource({ ...connection, entities: [entity], synchronize: true, logging: 'all', logger });
await dataSource.initialize();

class Root {}
Module({ imports: [SessionModule.forRoot({ secret, entity, dataSource, autoMount: false, metadata: true })] })(Root);
const app = await NestFactory.create(Root, { logger: ['verbose', 'debug', 'log', 'warn', 'error'] });
const store = app.get(SessionStore);
for (const name of EVENT_NAMES) store.on(name, (event) => console.log(inspect(event)));
const routes = {
  '/login': async (req) => Object.assign(req.session, { theme: 'topsecret' }).login('ann'),
  '/read': async (req) => console.log(Object.keys(req.session)),
  '/show': async (req) => console.log(inspect(req.session.handle), req.session.id === req.sessionID),
  '/rotate': (req) => req.session.rotate(),
  '/logout': (req) => req.session.logout(),
};
app.use(app.get(SESSION_MIDDLEWARE), (req, res, next) => routes[req.path](req).then(() => res.end(), next));
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address();
const secrets = [];
let cookie = '';
for (const path of ['/login', '/read', '/show', '/rotate', '/read', 'broken', '/read', '/login', '/logout']) {
  if (path === 'broken') {
    await dataSource.createQueryBuilder().update(entity).set({ data: '{"theme":"topsecret",' }).execute();
    continue;
  }
  const { status, headers } = await fetch('http://127.0.0.1:' + port + path, { headers: { cookie } });
  if (status !== 200) throw new Error(path + ': ' + status);
  for (const line of headers.getSetCookie()) {
    const value = /^sid=([^;]*)/.exec(line)[1];
    if (value === '') continue;
    cookie = 'sid=' + value;
    secrets.push(value, decodeURIComponent(value), decodeURIComponent(value).slice(2).split('.')[0]);
  }
}
await app.close();
await dataSource.query('DROP TABLE ' + tableName);
await dataSource.destroy();
process.send(secrets);
process.disconnect();
`;

/** A line of TypeORM's, and the parameters that follow it in lines of their own. */
const QUERY_LOG = /^.*(?:typeorm:query|query: ).*(?:\n {2}.*)*(?:\n\])?$/gm;

describeEachDatabase('with all debug output on', (database) => {
  const start = useLibraryProcess(() => ({ 'program.js': program }), {
    silent: true,
    env: { ...process.env, NODE_ENV: 'development', DEBUG: '*', DEBUG_COLORS: 'no' },
  });

  it.each(['debug', 'simple-console'])('nothing but the query log, by TypeORM’s logger %s, knows more than handles', async (logger) => {
    const child = start({ connection: database.options, logger, tableName: uniqueTableName(), secret: SECRET });
    const said = Promise.all([text(child.stdout!), text(child.stderr!)]);
    const [told] = await Promise.all([Promise.race([once(child, 'message'), once(child, 'exit')]), once(child, 'exit')]);
    const output = (await said).join('\n');
    const lines = output.split('\n');
    const secrets = told[0] as string[];
    expect(secrets, lines.join('\n')).toHaveLength(9);
    const ids = secrets.filter((_, index) => index % 3 === 2);

    // The capture sees what it should: libraries that tell of themselves, events, and hashes in the query log.
    expect(lines.some((line) => / (express|router)[: ]/.test(line))).toBe(true);
    expect(lines.some((line) => line.includes("reason: 'logout'"))).toBe(true);
    expect(lines.some((line) => line.includes('cannot be read'))).toBe(true);
    for (const id of ids) expect(lines.some((line) => line.includes(createHash('sha256').update(id).digest('hex')))).toBe(true);

    for (const secret of secrets) expect(lines.filter((line) => line.includes(secret))).toEqual([]);
    const others = output.replaceAll(QUERY_LOG, '').split('\n');
    expect(others.filter((line) => line.includes('topsecret'))).toEqual([]);
    for (const id of ids) {
      const hash = createHash('sha256').update(id).digest('hex');
      expect(others.filter((line) => line.includes(hash))).toEqual([]);
    }
  });
});
