import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { onTestFinished } from 'vitest';
import './session-data.js';

/** Starts a bare Express application on a free port; it is closed when the test is over. */
export async function startExpress(configure: (app: Express) => void): Promise<string> {
  const app = express();
  configure(app);
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
