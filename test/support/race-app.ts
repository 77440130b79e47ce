import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';

/** Where requests wait until as many as are expected have come. */
class Gate {
  private waiting = 0;
  private expected: { readonly count: number; readonly tell: () => void } | undefined;
  private letThrough!: () => void;
  private readonly opened = new Promise<void>((resolve) => (this.letThrough = resolve));

  wait(): Promise<void> {
    this.waiting++;
    if (this.waiting === this.expected?.count) this.expected.tell();
    return this.opened;
  }

  /** Resolves when so many wait. */
  async filled(count: number): Promise<void> {
    if (this.waiting < count) await new Promise<void>((tell) => (this.expected = { count, tell }));
  }

  open(): void {
    this.letThrough();
  }
}

/** Serves `/letters/<letter>`: each request has loaded its session when it comes to the gate, and puts its letter in behind it. */
export class LetterApp {
  private server: Server | undefined;
  private gate = new Gate();

  constructor(private readonly sessions: RequestHandler) {}

  async listen(): Promise<string> {
    const app = express();
    app.use(this.sessions);
    app.get('/letters/:letter', async ({ session, params }, res) => {
      await this.gate.wait();
      Object.assign(session, { [params.letter]: true });
      res.end();
    });
    const server = (this.server = app.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  held(count: number): Promise<void> {
    return this.gate.filled(count);
  }

  letThrough(): void {
    this.gate.open();
    this.gate = new Gate();
  }

  close(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}
