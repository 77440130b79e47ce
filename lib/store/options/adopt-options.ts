import { SessionOptionsError } from '../../session.errors.js';
import { ADOPTION_RULES, adoptedTable, aStore, COLUMN_RULES, type SessionAdoption } from '../../table/entity/adopted-tables.js';
import { adoptedEntity } from '../../table/entity/session.entity.js';
import { wrongOption } from './checking/option-error.js';
import { checkOptions } from './checking/check-options.js';
import { isPlainObject, type Rule } from '../../table/checking/rules.js';
import type { ResolvedSessionOptions, SessionModuleOptions } from './session-options.js';

/** The rule of the option `adopt`. */
export const anAdoption: Rule = [
  (value) => aStore[0](value) || isPlainObject(value),
  `${aStore[1]}, or { store, tableName, schema, columns, extended }`,
];

/** What the option `adopt` decides, as far as other options do not. */
type Adopted = Pick<ResolvedSessionOptions, 'adopt' | 'columns' | 'entity' | 'hashIds' | 'name' | 'takesUnsigned'>;

/** Checks `adopt`. Throws `SessionOptionsError`, also for options that contradict it. */
export function resolveAdoption(options: SessionModuleOptions): Adopted {
  const { entity } = options;
  const columns = withoutUndefined(options.columns ?? {});
  const adopt = adoptionOf(options);
  const { name = 'sid', hashIds = true } = options;
  if (!adopt) return { adopt, name, hashIds, columns, takesUnsigned: false, ...(entity && { entity }) };
  const { cookieName, properties, isUnsigned = false } = adoptedTable(adopt);
  const { store: _, ...ofEntity } = adopt;
  const [told] = Object.keys(withoutUndefined(ofEntity));
  if (entity && told !== undefined) {
    throw new SessionOptionsError(
      `The options \`entity\` and \`adopt.${told}\` are both set. Keep one: an entity describes its table itself.`,
    );
  }
  if (!entity && options.columns) {
    throw new SessionOptionsError(
      'The options `adopt` and `columns` are both set. Name the columns in `adopt.columns`, or pass your own `entity`.',
    );
  }
  return {
    adopt,
    name: options.name ?? cookieName,
    hashIds: options.hashIds ?? 'migrate',
    takesUnsigned: isUnsigned && options.hashIds !== true,
    entity: entity ?? adoptedEntity(adopt),
    columns: entity ? { ...properties, ...columns } : {},
  };
}

/** What is `undefined` is as good as left out. */
const withoutUndefined = <T extends object>(given: T): T =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;

/** The entity that the options name, or that their `adopt` means. Throws `SessionOptionsError`. */
export function entityOf(options: Pick<SessionModuleOptions, 'adopt' | 'entity'> | undefined): SessionModuleOptions['entity'] {
  const adopt = adoptionOf(options ?? {});
  return options?.entity ?? (adopt && adoptedEntity(adopt));
}

function adoptionOf({ adopt }: Pick<SessionModuleOptions, 'adopt'>): SessionAdoption | undefined {
  if (adopt === undefined) return undefined;
  if (!anAdoption[0](adopt)) throw wrongOption('adopt', adopt, anAdoption[1]);
  if (typeof adopt === 'string') return { store: adopt };
  checkOptions(adopt, ADOPTION_RULES, 'adopt.');
  if (!aStore[0](adopt.store)) throw wrongOption('adopt.store', adopt.store, aStore[1]);
  if (adopt.columns) checkOptions(adopt.columns, COLUMN_RULES, 'adopt.columns.');
  return adopt;
}
