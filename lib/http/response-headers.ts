import type { IncomingMessage, ServerResponse } from 'node:http';

export type Headers = readonly (readonly [name: string, value: number | string | string[]])[];

/** The status line and the headers of a response. */
export interface Head {
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly headers: Headers;
}

/** HTTP/2 has no status message, and Node.js warns whoever asks for one. */
const hasStatusMessage = (res: ServerResponse): boolean => (res.req as IncomingMessage | undefined)?.httpVersionMajor !== 2;

/** The headers of a response, with their names as they were written (HTTP/2: in lower case). That of a socket upgrade does not list them. */
export function headersOf(res: ServerResponse): Headers {
  const listing = res as { getRawHeaderNames?(): string[]; getHeaderNames?(): string[] };
  const names = listing.getRawHeaderNames?.() ?? listing.getHeaderNames?.() ?? [];
  return names.map((name) => [name, res.getHeader(name)!]);
}

/** Gives a response these headers and no others. */
export function setHeaders(res: ServerResponse, headers: Headers): void {
  for (const [name] of headersOf(res)) res.removeHeader(name);
  for (const [name, value] of headers) res.setHeader(name, value);
}

export const headOf = (res: ServerResponse): Head => ({
  statusCode: res.statusCode,
  statusMessage: hasStatusMessage(res) ? res.statusMessage : '',
  headers: headersOf(res),
});

export function setHead(res: ServerResponse, { statusCode, statusMessage, headers }: Head): void {
  setStatus(res, statusCode, statusMessage);
  setHeaders(res, headers);
}

export function setStatus(res: ServerResponse, code: number, message: string): void {
  res.statusCode = code;
  if (hasStatusMessage(res)) res.statusMessage = message;
}

/** Adds a line of `Set-Cookie` to those that are there. By `setHeader`, which the response of a socket upgrade has, too. */
export function addCookie(res: ServerResponse, line: string): void {
  const before = res.getHeader('Set-Cookie');
  res.setHeader('Set-Cookie', before === undefined ? [line] : [before, line].flat().map(String));
}

/** Keeps what an early `writeHead` says on the response, as Node itself would write it. */
export function keepHead(res: ServerResponse, [status, ...rest]: readonly unknown[]): void {
  if (status !== undefined) res.statusCode = Number(status);
  if (typeof rest[0] === 'string' && hasStatusMessage(res)) res.statusMessage = rest[0];
  const headers = rest.at(-1);
  if (Array.isArray(headers)) {
    // Either pairs, or names and values in turn, of which a value may be a list.
    const pairs: unknown[] = Array.isArray(headers[0]) ? headers.flat() : headers;
    const names = pairs.filter((_, index) => index % 2 === 0).map(String);
    for (const name of names) res.removeHeader(name);
    names.forEach((name, index) => res.appendHeader(name, pairs[index * 2 + 1] as string | string[]));
  } else if (typeof headers === 'object' && headers !== null) {
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) res.setHeader(name, value as string | string[]);
    }
  }
}
