import type { ModulesContainer } from '@nestjs/core';
import { getDataSourceToken, getEntityManagerToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { SessionOptionsError } from '../../session.errors.js';
import type { ResolvedSessionOptions } from '../../store/options/session-options.js';

const UNNAMED = 'default';

/**
 * The data source of the application that keeps the sessions; `undefined` where the module opens one of its own. Throws
 * `SessionOptionsError` where data sources are registered, and none under the name that was asked for.
 */
export function chooseDataSource(
  { dataSource, connection }: ResolvedSessionOptions,
  found: DataSource | undefined,
  modules: ModulesContainer,
): DataSource | undefined {
  if (connection) return undefined;
  if (typeof dataSource === 'object') return dataSource;
  if (found) return found;
  const name = dataSource ?? UNNAMED;
  const registered = namesIn(modules);
  // Then the sessions have to go somewhere else.
  if (name === UNNAMED && registered.length === 0) return undefined;
  const missing = name === UNNAMED ? 'No unnamed data source is registered' : `No data source named "${name}" is registered`;
  const add = name === UNNAMED ? 'TypeOrmModule.forRoot without a `name`' : `TypeOrmModule.forRoot({ name: '${name}', … })`;
  if (registered.length === 0) throw new SessionOptionsError(`${missing}. Add ${add}, or correct the option \`dataSource\`.`);
  const others = registered.map((each) => `"${each}"`).join(' and ');
  const choices = registered.map((each) => `\`dataSource: '${each}'\``).join(' or ');
  throw new SessionOptionsError(`${missing}, only ${others}. Set ${choices} in SessionModule, or add ${add}.`);
}

/** By the tokens that TypeOrmModule provides for each. */
function namesIn(modules: ModulesContainer): string[] {
  const names = [...modules.values()].flatMap(({ providers }) => {
    const tokens = [...providers.keys()];
    const named = tokens.flatMap((token) => (typeof token === 'string' ? (/^(.+)DataSource$/.exec(token)?.[1] ?? []) : []));
    return [UNNAMED, ...named].filter((name) => tokens.includes(getDataSourceToken(name)) && tokens.includes(getEntityManagerToken(name)));
  });
  return [...new Set(names)];
}
