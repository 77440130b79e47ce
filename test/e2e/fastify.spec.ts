import { once } from 'node:events';
import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Request, Response as ExpressResponse } from 'express';
import { Session, SessionModule, SessionStore, SessionUnavailableError, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { Browser, setCookies } from '../support/browser.js';
import { defineSessionEntity } from '../../lib/table/entity/session.entity.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { failWrites } from '../support/held-store.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import '../support/session-data.js';

type FastifyRequest = Request & { raw: Request; body: unknown };
type FastifyReply = Parameters<Parameters<ReturnType<NestFastifyApplication['getHttpAdapter']>['getInstance'] extends () => infer I ? (I extends { addHook: unknown } ? never : never) : never>[0]>;

describeEachDatabase('Fastify', (database) => {
});
