import type { DataSource } from 'typeorm';
import { isFunction, isObject, type Rule } from '../../table/checking/rules.js';

/** By what it can do, because an application may have two TypeORMs. */
function isDataSource(value: unknown): boolean {
  const { options, isInitialized, initialize, createQueryRunner } = (value ?? {}) as Partial<DataSource>;
  return isObject(options) && typeof isInitialized === 'boolean' && isFunction(initialize) && isFunction(createQueryRunner);
}

/** Where sessions are kept, and which routes have them. */
export const A_DATA_SOURCE: Rule = [
  (value) => (typeof value === 'string' && value !== '') || isDataSource(value),
  'the name of a data source, or a DataSource; a promise of one must be awaited, and options of one are the option `connection`',
];

export const A_CONNECTION: Rule = [
  (value) => isObject(value) && 'type' in value && !hasEntities(value),
  'the DataSourceOptions of TypeORM with a `type` and without `entities`; a data source with other entities is the option `dataSource`',
];

/** The data source that the store opens has the entity of the sessions, and no other. */
const hasEntities = (connection: object): boolean =>
  'entities' in connection && Object.keys(Object(connection.entities) as object).length > 0;

const isRoute = (value: unknown): boolean =>
  (typeof value === 'string' && value !== '') ||
  (isObject(value) && 'path' in value && typeof value.path === 'string' && 'method' in value && Number.isInteger(value.method));

const ROUTES = 'paths, or objects of a `path` and a `method` of Nest’s `RequestMethod`';

export const someRoutes: Rule = [
  (value) => Array.isArray(value) && value.length > 0 && value.every((route) => isRoute(route) || isFunction(route)),
  `a non-empty array of controllers, ${ROUTES}; \`autoMount: false\` mounts no middleware`,
];

export const routes: Rule = [(value) => Array.isArray(value) && value.every(isRoute), `an array of ${ROUTES}`];
