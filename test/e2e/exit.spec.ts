import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildRepository } from '../package/compiler.js';
import { root } from '../package/library.js';
import { embedded } from '../support/embedded.js';

/** Serves requests that begin and change a session, is closed, and then has nothing left to do. */
const nest = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SESSION_MIDDLEWARE, SessionModule } from 'nestjs-typeorm-session';

class Root {}
const connection = ${JSON.stringify(embedded)};
Module({ imports: [SessionModule.forRoot({ secret: 'secret', connection, autoMount: false })] })(Root);
const app = await NestFactory.create(Root, { logger: false });
app.use(app.get(SESSION_MIDDLEWARE), (req, res) => res.json((req.session.views = 1)));
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address();
const answer = await fetch('http://127.0.0.1:' + port);
console.log(await answer.text(), answer.headers.getSetCookie().length);
await app.close();
console.log('closed');
`;

/** Nobody closes the store here: its timers alone must keep no process alive. */
const express = `
import { createSessionStore } from 'nestjs-typeorm-session/express';
import { SessionEntity } from 'nestjs-typeorm-session';
import { DataSource } from 'typeorm';

const dataSource = new DataSource({ ...${JSON.stringify(embedded)}, entities: [SessionEntity], synchronize: true });
const store = createSessionStore({ dataSource });
await dataSource.initialize();
await store.set('an id', { views: 1, cookie: { originalMaxAge: null } });
console.log((await store.get('an id')).views, await store.prune());
await dataSource.destroy();
console.log('closed');
`;

/** A session is still used when the data source is gone. */
const late = `
import { createSessionStore } from 'nestjs-typeorm-session/express';
import { SessionEntity } from 'nestjs-typeorm-session';
import { DataSource } from 'typeorm';

const dataSource = new DataSource({ ...${JSON.stringify(embedded)}, entities: [SessionEntity], synchronize: true });
const store = createSessionStore({ dataSource, operationTimeout: '10m' });
await dataSource.initialize();
await store.ping();
await dataSource.destroy();
store.get('an id').catch((error) => console.log(error.code));
`;

describe('a process', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'exit-'));
    buildRepository(folder);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['whose Nest application was closed', nest, '1 1\nclosed\n'],
    ['whose Express application closed its data source', express, '1 0\nclosed\n'],
    ['that uses sessions after it closed its data source', late, 'SESSION_UNAVAILABLE\n'],
  ])('%s ends by itself', async (name, script, expected) => {
    const file = join(folder, `${name.replaceAll(' ', '-')}.mjs`);
    writeFileSync(file, script);
    const child = spawn(process.execPath, [file], { cwd: folder, env: { PATH: process.env.PATH } });
    onTestFinished(() => void child.kill('SIGKILL'));
    let [printed, complaints] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, printed, complaints }).toEqual({ code: 0, printed: expected, complaints: '' });
  });
});
