const group = (text, folder, pages) => ({
  text,
  items: pages.map(([title, page]) => ({ text: title, link: `/${folder}/${page}` })),
});

/** Every page, in the order in which one may want to read them. */
export const sidebar = [
  group('Start', 'start', [
    ['Quick start', 'quick-start'],
    ['How a request flows', 'request'],
    ['Choose your database', 'databases'],
    ['Redis or SQL?', 'redis-or-sql'],
    ['Samples', 'samples'],
    ['30 questions', 'questions'],
  ]),
  group('Guides', 'guides', [
    ['Sign in and out', 'sign-in'],
    ['Stay signed in', 'stay-signed-in'],
    ['A page of devices', 'devices'],
    ['Limits and fresh sign-ins', 'limits'],
    ['Carts and counters', 'carts'],
    ['A front end on another origin', 'other-origin'],
    ['CSRF', 'csrf'],
    ['Act as another user', 'impersonation'],
    ['Mobile applications', 'mobile'],
    ['OpenID Connect and back-channel logout', 'back-channel-logout'],
    ['What a session can hold', 'session-data'],
  ]),
  group('Integrations', 'integrations', [
    ['Passport', 'passport'],
    ['Fastify', 'fastify'],
    ['GraphQL', 'graphql'],
    ['WebSocket gateways', 'websockets'],
    ['Express without Nest', 'express'],
  ]),
  group('Testing', 'testing', [
    ['Test an application', ''],
    ['Jest, Vitest, supertest', 'runners'],
    ['Clocks', 'clocks'],
  ]),
  group('Concepts', 'concepts', [
    ['Merge', 'merge'],
    ['Never back after a logout', 'logout'],
    ['Lifetimes', 'lifetimes'],
    ['Touches', 'touches'],
    ['What a crash may lose', 'crash'],
    ['Races', 'races'],
    ['The rooms of the code', 'rooms'],
  ]),
  group('Operate', 'operate', [
    ['Tables and migrations', 'migrations'],
    ['Several instances, poolers, failover', 'instances'],
    ['When the database is away', 'outages'],
    ['Pruning', 'pruning'],
    ['Sizes', 'sizes'],
    ['The read cache', 'read-cache'],
    ['Monitoring', 'monitoring'],
  ]),
  group('Security', 'security', [
    ['The checklist', ''],
    ['What is not defended', 'not-defended'],
    ['Retention', 'retention'],
  ]),
  group('Coming from', 'coming-from', [
    ['Another session store', ''],
    ['connect-pg-simple, step by step', 'connect-pg-simple'],
    ['MemoryStore', 'memory-store'],
    ['nestjs-session', 'nestjs-session'],
    ['express-session: what differs', 'express-session'],
    ['JWT with refresh tokens', 'jwt'],
    ['better-auth', 'better-auth'],
  ]),
  group('Reference', 'reference', [
    ['Options', 'options'],
    ['The module and its decorators', 'module'],
    ['The session', 'session'],
    ['The store', 'store'],
    ['Events', 'events'],
    ['The entity', 'entity'],
    ['Errors', 'errors'],
    ['Troubleshooting', 'troubleshooting'],
  ]),
  group('Performance', 'performance', [
    ['Measured', ''],
    ['Where it is not faster', 'limits'],
  ]),
];

export const nav = [
  { text: 'Start', link: '/start/quick-start' },
  { text: 'Guides', link: '/guides/sign-in' },
  { text: 'Reference', link: '/reference/options' },
  { text: 'Troubleshooting', link: '/reference/troubleshooting' },
];
