import type { SessionData } from '../express-session.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import { readClient, type Client } from '../session/client.js';
import type { SessionOrigin } from '../session/origin.js';
import { requestOf } from '../session/session-object.js';

/** Keeps the client of a session up to date in its row (`metadata`), where something else is written anyway. */
export class ClientNotes {
  constructor(private readonly dependencies: StoreDependencies) {}

  /** The client of the request on which a session stands; `undefined` where nothing is kept. Throws what the option `metadata` throws. */
  of(session: SessionData): Client | undefined {
    const { metadata } = this.dependencies.options;
    const req = metadata && requestOf(session);
    return req ? readClient(req, metadata) : undefined;
  }

  /** Writes the client of a session that was loaded, if its row has another one. */
  async store(client: Client | undefined, origin: SessionOrigin): Promise<void> {
    if (!client) return;
    const { ipAddress, userAgent } = origin;
    // Without a column there is nothing to differ from.
    const isSame = (known: string | null | undefined, now: string | null) => known === undefined || known === now;
    if (isSame(ipAddress, client.ipAddress) && isSame(userAgent, client.userAgent)) return;
    await this.dependencies.table.setClient({ id: origin.key, ...client, known: { ipAddress, userAgent } });
    Object.assign(origin, { ipAddress: client.ipAddress, userAgent: client.userAgent });
  }
}
