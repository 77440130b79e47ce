import type { Server } from 'node:http';

/** How long a connection may stay open after its last answer, in milliseconds. */
const IDLE_MS = 1_000;

/**
 * Makes each answer the last one on its connection. `server.close()` ends only idle connections: clients
 * that keep sending requests would keep the server open for ever.
 */
export function closeConnectionsAfterResponse(server: Server): void {
  // For answers that are under way already, and say that the connection stays.
  server.keepAliveTimeout = server.keepAliveTimeout > 0 ? Math.min(server.keepAliveTimeout, IDLE_MS) : IDLE_MS;
  server.prependListener('request', ({ httpVersionMajor }, response) => {
    // HTTP/2 has no such header.
    if (httpVersionMajor === 1) response.setHeader('Connection', 'close');
  });
}
