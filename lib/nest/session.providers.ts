import { Logger } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { createMiddleware } from '../http/session-middleware.js';
import { SessionOptionsError } from '../session.errors.js';
import { openStore } from '../store/compose.js';
import { resolveOptions } from '../store/options/resolve-options.js';
import type { ResolvedSessionOptions, SessionModuleOptions } from '../store/options/session-options.js';
import { SessionStore } from '../store/session-store.js';
import { SessionEntity } from '../table/entity/session.entity.js';
import { SessionHealthIndicator } from './watching/session-health.indicator.js';
import { RESOLVED_OPTIONS, SESSION_MIDDLEWARE, SESSION_MODULE_OPTIONS } from './session.tokens.js';

type Entity = SessionModuleOptions['entity'];
type Source = SessionModuleOptions['dataSource'];

const warn = (message: string): void => new Logger('SessionModule').warn(message);

/**
 * Makes the entity known to data sources with `autoLoadEntities`. Only the registration of `forFeature` is wanted: its
 * module would fail before our own message where there is no data source.
 */
export function registerEntity(entity: Entity, dataSource: Source): void {
  if (dataSource === undefined || typeof dataSource === 'string')
    TypeOrmModule.forFeature([(entity ?? SessionEntity) as never], dataSource);
}

/** Options → store → middleware. */
export function sessionProviders(entity: Entity, dataSource: Source): Provider[] {
  const isObject = typeof dataSource === 'object';
  // Waits for a data source that is still connecting, and is undefined where none is registered.
  const registered = { token: getDataSourceToken(isObject ? undefined : dataSource), optional: true };
  return [
    {
      provide: RESOLVED_OPTIONS,
      inject: [SESSION_MODULE_OPTIONS],
      useFactory: (options: SessionModuleOptions) => resolveOptions(withStatic(options, entity, dataSource)),
    },
    {
      provide: SessionStore,
      inject: [RESOLVED_OPTIONS, registered],
      useFactory: (options: ResolvedSessionOptions, found?: DataSource) =>
        openStore(options, { dataSource: chooseDataSource(options, found), isSettled: true, warn }),
    },
    {
      provide: SESSION_MIDDLEWARE,
      inject: [SessionStore, RESOLVED_OPTIONS],
      useFactory: (store: SessionStore, options: ResolvedSessionOptions) => createMiddleware(store, options, warn),
    },
    SessionHealthIndicator,
  ];
}

function withStatic(options: SessionModuleOptions, entity: Entity, dataSource: Source): SessionModuleOptions {
  if (options?.entity !== undefined || typeof options?.dataSource === 'string') {
    throw new SessionOptionsError(
      'The factory of SessionModule.forRootAsync returned `entity` or the name of a `dataSource`. ' +
        'Nest needs both earlier: set them beside `useFactory`.',
    );
  }
  return { ...options, ...(entity && { entity }), ...(dataSource && { dataSource }) };
}

function chooseDataSource({ dataSource, connection }: ResolvedSessionOptions, found?: DataSource): DataSource | undefined {
  if (connection) return undefined;
  if (typeof dataSource === 'object') return dataSource;
  if (found || dataSource === undefined || dataSource === 'default') return found;
  throw new SessionOptionsError(
    `No data source named "${dataSource}" is registered. Add TypeOrmModule.forRoot({ name: '${dataSource}', … }), or correct the option \`dataSource\`.`,
  );
}
