import { once } from 'node:events';
import { io, type Socket } from 'socket.io-client';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { Browser } from './browser.js';

/** The libraries for sockets that Nest has adapters for. */
export const SOCKET_KINDS = ['Socket.IO', 'ws'] as const;
export type SocketKind = (typeof SOCKET_KINDS)[number];

/** A client that waits for the reply to each of its messages, of one of these events. */
export interface SocketClient {
  send<Reply = unknown>(event: string, replies?: readonly string[]): Promise<Reply>;
  /** Sends a message that nobody replies to. */
  tell(event: string): void;
  /** Resolves to the reason when the server has cut the connection. */
  readonly closed: Promise<string>;
  readonly isOpen: boolean;
}

/** Opens a socket as a browser would, with its cookie; rejects if the server refuses it. */
export function openSocket(
  kind: SocketKind,
  { address, cookie }: Pick<Browser, 'address' | 'cookie'>,
  transport = 'websocket',
): Promise<SocketClient> {
  const headers = { ...(cookie !== undefined && { cookie: `sid=${cookie}` }) };
  return kind === 'Socket.IO' ? openSocketIo(address, headers, transport) : openWs(address, headers);
}

async function openSocketIo(address: string, extraHeaders: Record<string, string>, transport: string): Promise<SocketClient> {
  const socket: Socket = io(address, { extraHeaders, transports: [transport], reconnection: false, forceNew: true });
  onTestFinished(() => void socket.disconnect());
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return {
    send: (event, replies = ['reply']) =>
      new Promise((resolve) => {
        for (const reply of replies) socket.once(reply, resolve);
        socket.emit(event, {});
      }),
    tell: (event) => void socket.emit(event, {}),
    closed: new Promise((resolve) => socket.once('disconnect', resolve)),
    get isOpen() {
      return socket.connected;
    },
  };
}

async function openWs(address: string, headers: Record<string, string>): Promise<SocketClient> {
  const socket = new WebSocket(address.replace('http', 'ws'), { headers });
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  const tell = (event: string): void => socket.send(JSON.stringify({ event, data: {} }));
  return {
    send: async (event) => {
      const replied = once(socket, 'message');
      tell(event);
      const [message] = (await replied) as [Buffer];
      return (JSON.parse(message.toString()) as { data: never }).data;
    },
    tell,
    closed: once(socket, 'close').then(([code, reason]) => `${String(code)} ${String(reason)}`),
    get isOpen() {
      return socket.readyState === WebSocket.OPEN;
    },
  };
}
