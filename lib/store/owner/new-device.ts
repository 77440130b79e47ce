import { textOf } from '../../session.errors.js';
import type { SessionTable } from '../../table/session-table.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import type { SessionOrigin } from '../session/origin.js';
import { prefixOf, type Client } from '../session/client.js';

/**
 * Whether a user signs in on a device that none of the rows of this user knows: by the same agent from the same network, in a
 * session that is live or has expired. To be asked before the sign-in removes a row. `undefined` where nothing is known of the client, or
 * the entity has no columns for it.
 */
export async function isNewDevice(
  { table }: { readonly table: Pick<SessionTable, 'fields' | 'addressesOf'> },
  { userId, client, exceptId }: { readonly userId: string; readonly client: Client | undefined; readonly exceptId?: string | undefined },
): Promise<boolean | undefined> {
  const fields = await table.fields();
  if (!client || !fields.has('userId') || !fields.has('ipAddress') || !fields.has('userAgent')) return undefined;
  const network = client.ipAddress && prefixOf(client.ipAddress);
  const addresses = await table.addressesOf({ userId, userAgent: client.userAgent, exceptId });
  return !addresses.some((address) => (address && prefixOf(address)) === network);
}

/** The same for the event `signedIn`, if anybody listens. If it cannot be looked up, the sign-in stands all the same. */
export async function lookUpDevice(
  dependencies: StoreDependencies,
  userId: string,
  { key, ipAddress, userAgent }: Pick<SessionOrigin, 'key' | 'ipAddress' | 'userAgent'>,
  isKnown: boolean,
): Promise<boolean | undefined> {
  const { options, hears, warn } = dependencies;
  if (!options.metadata || !hears('signedIn')) return undefined;
  if (isKnown) return false;
  const client = { ipAddress: ipAddress ?? null, userAgent: userAgent ?? null };
  return isNewDevice(dependencies, { userId, client, exceptId: key }).catch((error: unknown) => {
    warn(`Whether a user signed in on a new device could not be looked up: ${textOf(error)}`);
    return undefined;
  });
}
