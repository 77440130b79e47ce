import { describe, expect, it } from 'vitest';
import { findUnmatchedRoutes, type Routing } from '../../lib/nest/start-up/unmatched-routes.js';
import { ALL_ROUTES } from '../../lib/store/options/resolve-options.js';

const PLAIN: Routing = {
  paths: ['/', '/health/live', '/users/:id', '/users/:id/cart', '/files/*path'],
  globalPrefix: '',
  versionPrefix: undefined,
  defaultVersions: [],
  coversBelow: true,
  isServedOtherwise: (path) => path === '/graphql',
};
const PREFIXED: Routing = { ...PLAIN, paths: ['/api/health/live', '/api/users/:id', '/metrics'], globalPrefix: '/api/' };
const VERSIONED: Routing = { ...PLAIN, paths: ['/v1/health', '/v2/users/:id'], versionPrefix: 'v', defaultVersions: ['1'] };
const BOTH: Routing = { ...VERSIONED, paths: ['/api/v1/health'], globalPrefix: 'api' };

const excluded = (path: string, routing: Routing) => findUnmatchedRoutes({ exclude: [path], forRoutes: [ALL_ROUTES] }, routing);
const covered = (path: string, routing: Routing) => findUnmatchedRoutes({ exclude: [], forRoutes: [path] }, routing);

describe('a path of `exclude` that no route matches', () => {
  it.each<[string, string, Routing, RegExp]>([
    ['is misspelt', 'helth/live', PLAIN, /"helth\/live" in the session option `exclude` matches no route.*excludes nothing.*Correct it/],
    ['is a part of a route', 'health', PLAIN, /"health"/],
    ['is longer than a route', 'users/5/cart/items', PLAIN, /"users\/5\/cart\/items"/],
    ['has the global prefix', 'api/health/live', PREFIXED, /Nest adds the global prefix by itself: write "health\/live"/],
    ['has it, and is misspelt', 'api/helth', PREFIXED, /Correct it/],
    ['lacks the version', 'users/:id', VERSIONED, /version in its path: write "v2\/users\/:id"/],
    ['has the prefix and lacks the version', 'api/health', BOTH, /write "v1\/health"/],
  ])('%s', (_, path, routing, sentence) => {
    expect(excluded(path, routing)).toEqual([expect.stringMatching(sentence)]);
    expect(findUnmatchedRoutes({ exclude: [{ path, method: 0 }], forRoutes: [] }, routing)).toHaveLength(1);
  });

  it.each<[string, Routing]>([
    ['/health/live', PLAIN],
    ['Health/Live/', PLAIN],
    ['users/me', PLAIN],
    ['users/:name', PLAIN],
    ['users/:id.json', PLAIN],
    ['files/a/b', PLAIN],
    ['health/{*any}', PLAIN],
    ['health{/:part}', PLAIN],
    ['(.*)', PLAIN],
    ['*splat', PLAIN],
    ['/', PLAIN],
    ['graphql', PLAIN],
    ['health/live', PREFIXED],
    ['metrics', PREFIXED],
    ['v2/users/7', VERSIONED],
    ['v1/health', BOTH],
    ['whatever', { ...PLAIN, paths: [] }],
  ])('is not %s', (path, routing) => {
    expect(excluded(path, routing)).toEqual([]);
  });
});

describe('a path of `forRoutes` that no route matches', () => {
  it.each<[string, Routing, RegExp]>([
    ['cart', PLAIN, /"cart" in the session option `forRoutes` matches no route.*gives no session to any route/],
    ['graphql', PLAIN, /"graphql"/],
    ['api/users/:id', PREFIXED, /write "users\/:id"/],
    ['users/:id', VERSIONED, /write "v2\/users\/:id"/],
    ['users', { ...PLAIN, coversBelow: false }, /"users"/],
  ])('is %s', (path, routing, sentence) => {
    expect(covered(path, routing)).toEqual([expect.stringMatching(sentence)]);
  });

  it.each<[string, Routing]>([
    ['users', PLAIN],
    ['health', VERSIONED],
    ['v1/health', VERSIONED],
    ['health', BOTH],
    [ALL_ROUTES, PLAIN],
  ])('is not %s', (path, routing) => {
    expect(covered(path, routing)).toEqual([]);
  });

  it('is no controller', () => {
    class UsersController {}
    expect(findUnmatchedRoutes({ exclude: [], forRoutes: [UsersController] }, PLAIN)).toEqual([]);
  });
});
