import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { ConfigurableModuleAsyncOptions, Provider } from '@nestjs/common';
import type { SessionModuleOptions } from '../store/options/session-options.js';
import { sessionProviders } from './session.providers.js';
import { SESSION_MODULE_OPTIONS, SESSION_MIDDLEWARE } from './session.tokens.js';
import { SessionHealthIndicator } from './watching/session-health.indicator.js';
import { SessionStore } from '../store/session-store.js';

/**
 * A provider of options, for `forRootAsync({ useClass })` and `useExisting`.
 *
 * @publicApi
 */
export interface SessionModuleOptionsFactory {
  /** Called once, at start-up. */
  createSessionOptions(): SessionModuleOptions | Promise<SessionModuleOptions>;
}

/**
 * Options that need other providers. `entity`, `adopt` and the *name* of the data source stand here, because Nest has to know
 * them before any factory runs; a `DataSource` object may come from the factory. The other options come from one of these, as in every
 * module of Nest: `useFactory`, with the providers of `inject` as its arguments; `useClass` or `useExisting`, with a
 * `SessionModuleOptionsFactory`. `imports` are the modules that export what these need.
 *
 * @publicApi
 */
export interface SessionModuleAsyncOptions
  extends ConfigurableModuleAsyncOptions<SessionModuleOptions, 'createSessionOptions'>, StaticOptions {}

/** What is known before the options are. */
interface StaticOptions extends Pick<SessionModuleOptions, 'entity' | 'dataSource' | 'adopt'> {
  /** Providers that `useFactory`, `useClass` or `useExisting` need and no module of `imports` exports. @default none */
  extraProviders?: Provider[];
  /** Whether the module is global: others inject the store without an import, and the middleware runs before that of `main.ts`. @default true */
  isGlobal?: boolean;
}

// Every extra must have a key here, or Nest leaves it among the options.
const extras: object = {
  entity: undefined,
  dataSource: undefined,
  adopt: undefined,
  extraProviders: [],
  isGlobal: true,
};

/** `forRoot` and `forRootAsync`, made by Nest. */
export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<SessionModuleOptions>({
  optionsInjectionToken: SESSION_MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createSessionOptions')
  .setExtras<StaticOptions>(extras, (definition, { extraProviders = [], isGlobal = true, ...known }) => {
    const providers = [...(definition.providers ?? []), ...extraProviders, ...sessionProviders(known)];
    return { ...definition, global: isGlobal, providers, exports: [SessionStore, SESSION_MIDDLEWARE, SessionHealthIndicator] };
  })
  .build();
