import type { DynamicModule, Provider } from '@nestjs/common';
import { SessionOptionsError } from '../session.errors.js';
import { aBoolean, isFunction, isObject, show, type Rules } from '../table/checking/rules.js';
import type { SessionModuleOptions } from '../store/options/session-options.js';
import type { SessionModuleAsyncOptions, SessionModuleOptionsFactory } from './session.module-definition.js';
import { SESSION_MODULE_OPTIONS } from './session.tokens.js';

/** What may stand beside the factory. */
const BESIDE = ['imports', 'inject', 'provideInjectionTokensFrom', 'extraProviders', 'isGlobal', 'entity', 'dataSource', 'adopt'];
const SOURCES = ['useFactory', 'useClass', 'useExisting'] as const;

const anArray = (of: string) => [Array.isArray, `an array of ${of}`] as const;
/** What Nest would fail at without naming the option. */
const RULES = {
  isGlobal: aBoolean,
  useFactory: [isFunction, 'a function that returns the options, or a promise of them'],
  useClass: [isFunction, 'a class with a method `createSessionOptions`'],
  inject: anArray('the tokens that the arguments of `useFactory` are found by'),
  imports: anArray('modules'),
  extraProviders: anArray('providers'),
} as const satisfies Rules;

/** Throws `SessionOptionsError` if `forRoot` got nothing, or a wrong `isGlobal`. */
export function checkOptions(options: unknown): void {
  if (!isObject(options)) throw new SessionOptionsError('SessionModule.forRoot() got no options. Pass an object with at least a `secret`.');
  checkModuleOptions('forRoot', options, ['isGlobal']);
}

/** Throws `SessionOptionsError` if `forRootAsync` got no factory, a wrong value, or something that it would ignore. */
export function checkAsyncOptions(options: unknown): void {
  if (!isObject(options) || SOURCES.every((name) => Reflect.get(options, name) === undefined)) {
    throw new SessionOptionsError('SessionModule.forRootAsync() got no factory. Pass `useFactory`, `useClass` or `useExisting`.');
  }
  checkModuleOptions('forRootAsync', options, Object.keys(RULES) as (keyof typeof RULES)[]);
  const ignored = Object.keys(options).find((name) => ![...SOURCES, ...BESIDE].includes(name));
  if (ignored === undefined) return;
  throw new SessionOptionsError(
    `SessionModule.forRootAsync() would ignore \`${ignored}\`. Return it from the factory. Only these may stand beside the factory: ${BESIDE.join(', ')}.`,
  );
}

function checkModuleOptions(method: string, options: object, names: readonly (keyof typeof RULES)[]): void {
  for (const name of names) {
    const [fits, expected] = RULES[name];
    const value: unknown = Reflect.get(options, name);
    if (value === undefined || fits(value)) continue;
    throw new SessionOptionsError(`The option \`${name}\` of SessionModule.${method}() is ${show(value)}. It must be ${expected}.`);
  }
}

/** Lets the error of an options class without its method name both. */
export function withCheckedFactory(module: DynamicModule, { useClass, useExisting }: SessionModuleAsyncOptions): DynamicModule {
  if (!useClass && !useExisting) return module;
  const useFactory = (factory: Partial<SessionModuleOptionsFactory> | undefined) =>
    optionsOf(factory, useClass ? 'useClass' : 'useExisting');
  const isOptions = (provider: Provider) => (provider as { provide?: unknown }).provide === SESSION_MODULE_OPTIONS;
  const providers = (module.providers ?? []).map((provider) => (isOptions(provider) ? { ...(provider as object), useFactory } : provider));
  return { ...module, providers: providers as Provider[] };
}

function optionsOf(
  factory: Partial<SessionModuleOptionsFactory> | undefined,
  source: string,
): SessionModuleOptions | Promise<SessionModuleOptions> {
  if (typeof factory?.createSessionOptions === 'function') return factory.createSessionOptions();
  throw new SessionOptionsError(
    `The \`${source}\` of SessionModule.forRootAsync() has no method \`createSessionOptions\`. Add it: it returns the options.`,
  );
}
