import type { Adapter } from './adapters.js';

/** A way to answer, and what the client has to get. */
export interface Answer {
  readonly path: string;
  readonly init?: RequestInit;
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  /** What Fastify answers differently. */
  readonly onFastify?: Partial<Answer>;
}

/** Long enough for several packets, and not only ASCII. */
export const BODY = 'größer '.repeat(20_000);
export const PARTS = ['first, ', 'zweitens, ', 'last'] as const;
const parts = PARTS.join('');

const after = { 'x-before': 'after' };

/** Where the head leaves with the end of the answer: the session is stored before. */
export const AT_ONCE: readonly Answer[] = [
  { path: '/json', status: 200, body: JSON.stringify({ body: BODY }), headers: { 'content-type': 'application/json; charset=utf-8' } },
  { path: '/json', init: { method: 'HEAD' }, status: 200, body: '', headers: { 'content-length': '180011' } },
  { path: '/text', status: 200, body: BODY },
  { path: '/send', status: 202, body: BODY },
  {
    path: '/redirect',
    status: 302,
    body: 'Found. Redirecting to /elsewhere',
    headers: { location: '/elsewhere' },
    onFastify: { body: '' },
  },
  {
    path: '/redirect',
    init: { method: 'POST' },
    status: 303,
    body: 'See Other. Redirecting to /elsewhere',
    headers: { location: '/elsewhere' },
    onFastify: { body: '' },
  },
  { path: '/empty', status: 204, body: '', headers: { 'content-type': null } },
  { path: '/end', status: 200, body: BODY },
  { path: '/end-nothing', status: 200, body: '' },
  { path: '/end-callback', status: 200, body: BODY },
  { path: '/end-callback-only', status: 200, body: '' },
  {
    path: '/text',
    init: { headers: { 'if-none-match': '*', 'cache-control': 'max-age=0' } },
    status: 304,
    body: '',
    onFastify: { status: 200, body: BODY },
  },
  { path: '/refused', status: 404, body: JSON.stringify({ message: BODY, error: 'Not Found', statusCode: 404 }) },
  { path: '/broken', status: 500, body: '{"statusCode":500,"message":"Internal server error"}' },
  { path: '/head-object', status: 201, body: BODY, headers: { 'x-form': 'object', ...after } },
  { path: '/head-flat', status: 201, body: BODY, headers: { 'x-form': 'flat', 'x-many': '1, 2', ...after } },
  { path: '/head-lists', status: 201, body: BODY, headers: { 'x-form': 'lists', 'x-many': '1, 2', ...after } },
  { path: '/head-pairs', status: 201, body: BODY, headers: { 'x-form': 'pairs', 'x-many': '1, 2', ...after } },
  { path: '/head-message', status: 201, body: BODY, headers: { 'x-form': 'message' } },
  { path: '/head-twice', status: 201, body: BODY, headers: { 'x-form': 'second' } },
];

/** Where the head leaves before the end: the session is stored before the end. */
export const STREAMED: readonly Answer[] = [
  {
    path: '/file',
    status: 200,
    body: parts,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    onFastify: { headers: { 'content-type': 'text/plain' } },
  },
  { path: '/pipe', status: 200, body: parts },
  { path: '/sse', status: 200, body: parts, headers: { 'content-type': 'text/event-stream' } },
  { path: '/flush', status: 200, body: BODY },
  { path: '/head-flush', status: 201, body: BODY, headers: { 'x-form': 'flush' } },
  { path: '/write', status: 200, body: parts },
  { path: '/head-write', status: 201, body: parts, headers: { 'x-form': 'write' } },
];

/** The answers of one of the servers. */
export const answersOn = (adapter: Adapter, answers: readonly Answer[]): Answer[] =>
  answers.map(({ onFastify, ...answer }) => (adapter === 'Fastify' ? { ...answer, ...onFastify } : answer));

/** For the names of tests. */
export const nameOf = ({ path, init, status }: Answer): string => `${init?.method ?? 'GET'} ${path} (${status})`;

/** The data of server-sent events, or the text of anything else. */
export async function bodyOf(response: Response): Promise<string> {
  const text = await response.text();
  if (response.headers.get('content-type') !== 'text/event-stream') return text;
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data).join('');
}
