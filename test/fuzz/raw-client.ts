import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A server that is silent for so long answers no more. */
const SILENCE_MS = 60_000;

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  /** The Cookie header, as bytes of latin1. */
  readonly cookie?: string | undefined;
  /** Sent as JSON. */
  readonly json?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly setCookie: string | undefined;
  readonly body: string;
}

/**
 * One connection that sends many requests before it reads the answers, byte for byte as they are given: the clients of Node.js
 * refuse or repair half of what is to be tried.
 */
export class RawClient {
  private received = '';
  private wake: () => void = () => {};

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.received += text;
      this.wake();
    });
    for (const event of ['close', 'error']) socket.on(event, () => this.wake());
    socket.setTimeout(SILENCE_MS, () => socket.destroy());
  }

  static async open(address: string): Promise<RawClient> {
    const { hostname, port } = new URL(address);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** The answers in the order of the requests. Rejects where the connection ends before the last one. */
  async send(requests: readonly RawRequest[]): Promise<RawAnswer[]> {
    this.socket.write(requests.map(textOf).join(''), 'latin1');
    const answers: RawAnswer[] = [];
    while (answers.length < requests.length) answers.push(await this.next(requests[answers.length]!));
    return answers;
  }

  close(): void {
    this.socket.destroy();
  }

  private async next({ path, cookie }: RawRequest): Promise<RawAnswer> {
    for (;;) {
      const answer = this.take();
      if (answer) return answer;
      if (this.socket.destroyed) throw new Error(`No answer to ${path} with the cookie ${JSON.stringify(cookie)}.`);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private take(): RawAnswer | undefined {
    const end = this.received.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = this.received.slice(0, end);
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    const after = end + 4 + length;
    if (this.received.length < after) return undefined;
    const body = this.received.slice(end + 4, after);
    this.received = this.received.slice(after);
    return { status: Number(head.slice(9, 12)), setCookie: /^set-cookie: (.*)$/im.exec(head)?.[1], body };
  }
}

function textOf({ method = 'GET', path, cookie, json }: RawRequest): string {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: localhost'];
  if (cookie !== undefined) lines.push(`Cookie: ${cookie}`);
  const bytes = json === undefined ? '' : Buffer.from(json).toString('latin1');
  if (json !== undefined) lines.push('Content-Type: application/json', `Content-Length: ${bytes.length}`);
  return `${lines.join('\r\n')}\r\n\r\n${bytes}`;
}
