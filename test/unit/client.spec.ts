import { describe, expect, it } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { resolveMetadata } from '../../lib/store/options/metadata-options.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import { normalizeAddress, prefixOf, readClient } from '../../lib/store/session/client.js';

const read = (req: object, metadata: SessionModuleOptions['metadata'] = true) => readClient(req as never, resolveMetadata(metadata));

describe('an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::1', '::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['192.0.2.7:51234', '192.0.2.7'],
    ['[2001:db8::1]:51234', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
  ])('%s is kept as %s', (given, kept) => {
    expect(normalizeAddress(given)).toBe(kept);
  });

  it.each([undefined, '', 'unknown', '_hidden', '300.1.1.1', '1.2.3', '<script>', '192.0.2.7, 10.0.0.1', '192.0.2.7\0'])(
    '%j is none',
    (given) => {
      expect(normalizeAddress(given)).toBeNull();
    },
  );

  it.each([
    ['192.0.2.7', '192.0.2.0/24'],
    ['2001:db8:abcd:12:34:56:78:9a', '2001:db8:abcd::/48'],
    ['2001:db8::1', '2001:db8::/48'],
    ['::1', '::/48'],
    ['2001:db8:0:1::', '2001:db8::/48'],
    ['1:2:3:4:5:6:7:8', '1:2:3::/48'],
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['2001:db8::/48', '2001:db8::/48'],
    ['the office', 'the office'],
  ])('%s is of the network %s', (address, prefix) => {
    expect(prefixOf(address)).toBe(prefix);
  });
});

describe('the client of a request', () => {
  const headers = { 'user-agent': 'Browser/1.0' };

  it('is `req.ip` of the framework, else the address of the connection', () => {
    expect(read({ headers, ip: '192.0.2.7', socket: { remoteAddress: '10.0.0.1' } })?.ipAddress).toBe('192.0.2.7');
    expect(read({ headers, socket: { remoteAddress: '::ffff:10.0.0.1' } })?.ipAddress).toBe('10.0.0.1');
    expect(read({ headers, socket: {} })).toEqual({ ipAddress: null, userAgent: 'Browser/1.0' });
    expect(read({})).toEqual({ ipAddress: null, userAgent: null });
  });

  it('is kept only if the option says so', () => {
    expect(read({ headers, ip: '192.0.2.7' }, false)).toBeUndefined();
    expect(readClient({ headers } as never, resolveMetadata(undefined))).toBeUndefined();
  });

  it.each([
    [true, '192.0.2.7'],
    [{ ip: 'full' }, '192.0.2.7'],
    [{ ip: 'prefix' }, '192.0.2.0/24'],
  ] as const)('has with %o the address %s', (metadata, ipAddress) => {
    expect(read({ headers, ip: '192.0.2.7' }, metadata)).toEqual({ ipAddress, userAgent: 'Browser/1.0' });
  });

  it.each([
    ['a\0b\r\nSet-Cookie: c', 'a b Set-Cookie: c'],
    ['half \ud83d of a pair', 'half \ufffd of a pair'],
    ['turned \u202e round', 'turned   round'],
    ['x'.repeat(5_000), 'x'.repeat(1_024)],
    ['  ', null],
    ['', null],
  ])('describes itself by %j as %j', (given, kept) => {
    expect(read({ headers: { 'user-agent': given } })?.userAgent).toBe(kept);
    expect(read({}, () => ({ userAgent: given, ipAddress: given }))).toEqual({ userAgent: kept, ipAddress: kept });
  });

  it('is what a function of the request says', () => {
    const metadata = (req: unknown) => ({ ipAddress: (req as { id: string }).id });
    expect(read({ id: 'the office' }, metadata)).toEqual({ ipAddress: 'the office', userAgent: null });
  });

  it.each([
    [undefined],
    [null],
    ['192.0.2.7'],
    [{ ipAddress: 7 }],
    [{ userAgent: {} }],
    [[]],
    [{ ip: '192.0.2.7' }],
    [new Map()],
    [Promise.resolve({})],
  ])('is refused where a function returns %o', (returned) => {
    expect(() => read({}, () => returned as never)).toThrow(SessionOptionsError);
    expect(() => read({}, () => returned as never)).toThrow(/`metadata`/);
  });
});

it.each([
  [{}, /`metadata.ip` is missing.*"full" or "prefix"/],
  [{ ip: 'half' }, /`metadata.ip` is "half"/],
  [{ address: 'full' }, /no session option "metadata.address"/],
])('The option `metadata` refuses %o', (metadata, message) => {
  expect(() => resolveMetadata(metadata as never)).toThrow(message);
});
