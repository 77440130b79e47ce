import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { DataSourceOptions } from 'typeorm';
import { afterAll, beforeAll } from 'vitest';
import type { TestDatabase } from './databases.js';

/** A way to a database server that the test can cut. */
export interface Line {
  /** Options of a data source that goes this way. */
  options(): DataSourceOptions;
  /** Cuts every connection, and refuses new ones. */
  cut(): Promise<void>;
  /** Takes connections and answers none of them. */
  silence(): Promise<void>;
  mend(): Promise<void>;
}

/** A line to a server for a whole suite; it is whole at first. */
export function useLine({ options }: TestDatabase): Line {
  const target = new URL((options as { url: string }).url);
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  let isSilent = false;

  const carry = (client: Socket) => {
    sockets.add(client.on('error', () => client.destroy()));
    if (isSilent) return;
    const upstream = connect(Number(target.port), target.hostname);
    sockets.add(upstream.on('error', () => client.destroy()));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
  };
  const listen = async () => {
    server = createServer(carry);
    await new Promise<void>((resolve) => server!.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  };
  const cut = async () => {
    const closed = server && new Promise<void>((resolve) => server!.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await closed;
    server = undefined;
  };
  const mend = async () => {
    isSilent = false;
    if (!server) await listen();
  };
  beforeAll(listen);
  afterAll(cut);

  return {
    options() {
      const url = new URL(target);
      url.hostname = '127.0.0.1';
      url.port = String(port);
      return { ...options, url: url.href } as DataSourceOptions;
    },
    cut,
    async silence() {
      await cut();
      isSilent = true;
      await listen();
    },
    async mend() {
      if (isSilent) await cut();
      await mend();
    },
  };
}
