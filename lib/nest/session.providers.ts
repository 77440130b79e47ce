import { Logger } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { createMiddleware } from '../http/session-middleware.js';
import { SessionOptionsError } from '../session.errors.js';
import { openStore } from '../store/compose.js';
import { entityOf } from '../store/options/adopt-options.js';
import { resolveOptions } from '../store/options/resolve-options.js';
import type { ResolvedSessionOptions, SessionModuleOptions } from '../store/options/session-options.js';
import { SessionStore } from '../store/session-store.js';
import { SessionEntity } from '../table/entity/session.entity.js';
import { chooseDataSource } from './start-up/data-source-choice.js';
import { SessionHealthIndicator } from './watching/session-health.indicator.js';
import { RESOLVED_OPTIONS, SESSION_MIDDLEWARE, SESSION_MODULE_OPTIONS } from './session.tokens.js';

/** What Nest has to know before there are options. */
type Static = Pick<SessionModuleOptions, 'entity' | 'dataSource' | 'adopt'>;

/** Warnings go to Nest's log. */
export const warn = (message: string): void => new Logger('SessionModule').warn(message);

/**
 * Makes the entity known to data sources with `autoLoadEntities`. Only the registration of `forFeature` is wanted: its
 * module would fail before our own message where there is no data source.
 */
export function registerEntity(options: Static): void {
  const { dataSource } = options;
  if (dataSource === undefined || typeof dataSource === 'string')
    TypeOrmModule.forFeature([(entityOf(options) ?? SessionEntity) as never], dataSource);
}

/** Options → store → middleware. */
export function sessionProviders(known: Static): Provider[] {
  const { dataSource } = known;
  const isObject = typeof dataSource === 'object';
  // Waits for a data source that is still connecting, and is undefined where none is registered.
  const registered = { token: getDataSourceToken(isObject ? undefined : dataSource), optional: true };
  return [
    {
      provide: RESOLVED_OPTIONS,
      inject: [SESSION_MODULE_OPTIONS],
      useFactory: (options: SessionModuleOptions) => resolveOptions(withStatic(options, known)),
    },
    {
      provide: SessionStore,
      inject: [RESOLVED_OPTIONS, ModulesContainer, registered],
      useFactory: (options: ResolvedSessionOptions, modules: ModulesContainer, found?: DataSource) =>
        openStore(options, { dataSource: chooseDataSource(options, found, modules), isSettled: true, warn }),
    },
    {
      provide: SESSION_MIDDLEWARE,
      inject: [SessionStore, RESOLVED_OPTIONS],
      useFactory: (store: SessionStore, options: ResolvedSessionOptions) => createMiddleware(store, options, warn),
    },
    SessionHealthIndicator,
  ];
}

function withStatic(options: SessionModuleOptions, { entity, dataSource, adopt }: Static): SessionModuleOptions {
  if (options?.entity !== undefined || options?.adopt !== undefined || typeof options?.dataSource === 'string') {
    throw new SessionOptionsError(
      'The factory of SessionModule.forRootAsync returned `entity`, `adopt` or the name of a `dataSource`. ' +
        'Nest needs them earlier: set them beside `useFactory`.',
    );
  }
  const given = Object.entries({ entity, dataSource, adopt }).filter(([, value]) => value !== undefined);
  return { ...options, ...Object.fromEntries(given) };
}
