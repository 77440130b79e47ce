import { userOf } from '../options/resolve-options.js';
import { findWeakSecret } from '../options/secret-options.js';
import type { ResolvedSessionOptions } from '../options/session-options.js';

/** One item of the security checklist, as these options meet it. */
export interface SecurityItem {
  /** Its number in `docs/security/index.md`. */
  readonly id: `S${number}`;
  /** What is asked for. */
  readonly title: string;
  /** Met by the package, yours to do in the application, or an option that is off. */
  readonly state: 'met' | 'yours' | 'off';
  /** What to do; not there where it is met. */
  readonly remedy?: string;
}

type Finding = 'met' | Pick<SecurityItem, 'state' | 'remedy'>;
type Judge = (options: ResolvedSessionOptions) => Finding;

const met: Judge = () => 'met';
const yours = (remedy: string): Finding => ({ state: 'yours', remedy });
const off = (remedy: string): Finding => ({ state: 'off', remedy });
const always =
  (finding: Finding): Judge =>
  () =>
    finding;
/** An option that is met as soon as it is set. */
const ifSet =
  (name: string, remedy: string): Judge =>
  (options) =>
    Reflect.get(options, name) ? 'met' : off(remedy);

/** A store for an application's own `session()` knows neither its secret nor its cookie. */
const ofCookie =
  (judge: Judge): Judge =>
  (options) =>
    options.secret.length === 0 ? yours('The application’s own session() has the cookie: check it there.') : judge(options);

const ifHashed: Judge = ({ hashIds }) =>
  hashIds ? 'met' : off('Set `hashIds: true`: whoever reads the table can take over every session in it.');

/** Another process may have the session in its memory. */
const endsEverywhere: Judge = ({ cache }) => {
  if (!cache) return 'met';
  return cache.notify
    ? yours('Keep `cache.ttl` short: if a notice is lost, another process reads an ended session for that time.')
    : off('Set `cache.notify: true` (PostgreSQL), or remove `cache`: another process reads a session for up to `cache.ttl` after its end.');
};

const safeCookie: Judge = ({ cookie, csrf }) => {
  if (typeof cookie === 'function')
    return yours('Let the function `cookie` return `httpOnly: true`, `secure` and `sameSite` "lax" or "strict".');
  if (!cookie.httpOnly) return off('Set `cookie.httpOnly: true`: any script on a page can read the session id.');
  if (cookie.secure === false) return off("Set `cookie.secure: 'auto'` or true: the session id can be read in transit.");
  const { sameSite } = cookie;
  const isOpen = sameSite === false || sameSite === 'none' || sameSite === 'auto';
  return isOpen && !csrf ? off("Set `cookie.sameSite: 'lax'`, or `csrf: true`: other sites can act with the session of a visitor.") : 'met';
};

/** The list, by number. What is asked for, and how the options meet it. */
const ITEMS: readonly (readonly [title: string, judge: Judge])[] = [
  [
    'Session ids come from a secure generator, with 128 random bits or more',
    ({ genid }) => (genid ? yours('Let `genid` return 128 random bits or more, as `randomBytes(24).toString("base64url")`.') : 'met'),
  ],
  ['A generator that returns short, repeated or malformed ids is refused', met],
  ['Only ids that the server has made are accepted', met],
  ['An id that is presented is checked before any SQL', met],
  ['Values are parameters, and names are checked and quoted', met],
  ['Ids are stored as hashes only', ifHashed],
  ['A stolen hash is no id', ifHashed],
  ['The time of a lookup reveals nothing about an id', ifHashed],
  [
    'A sign-in gives a new id, and the old one is dead at once',
    always(yours('Sign in by `session.login(userId)`, or call `await session.regenerate()` first.')),
  ],
  ['A new id is one atomic step that keeps data and deadlines', met],
  ['A change of the id that fails does not go on with the old one', met],
  ['The server ends sessions that are idle', met],
  [
    'The server ends sessions at an absolute age',
    ({ absoluteTimeoutMs }) =>
      absoluteTimeoutMs === false ? off('Set `absoluteTimeout`: a stolen session that is used lasts for ever.') : 'met',
  ],
  [
    'Both times suit the assurance level',
    (options) =>
      Reflect.get(options, 'lifetimes')
        ? 'met'
        : yours("Set `lifetimes` to 'AAL1', 'AAL2' or 'AAL3', or choose `idleTimeout` and `absoluteTimeout`."),
  ],
  [
    'Ids are renewed every now and then',
    ({ renewAfterMs }) => (renewAfterMs === undefined ? off('Set `renewAfter`, with `defineSessionEntity({ renewal: true })`.') : 'met'),
  ],
  ['A sign-out ends the session on the server and drops the cookie', endsEverywhere],
  ['A sign-out wins over requests in flight', met],
  ['Disabling an account ends its sessions', always(yours('Call `store.revokeUser(userId)` when an account is disabled or deleted.'))],
  [
    'A new password ends the other sessions',
    always(yours('Call `store.revokeUser(userId, { except: session })`, and give this session a new id.')),
  ],
  [
    'An administrator can end the sessions of one user or of all',
    always(yours('Offer `store.revokeUser(userId)` and `store.revokeAll()` to administrators only.')),
  ],
  [
    'Users see their sessions and can end each',
    always(yours('Show `store.list({ userId })`, and end one by `store.revoke(handle, { userId })`.')),
  ],
  [
    'The number of sessions of a user is bounded',
    ifSet('maxSessionsPerUser', 'Set `maxSessionsPerUser`, if accounts are not to be shared.'),
  ],
  ['Sensitive actions ask for a fresh sign-in', always(yours("Guard them by `@RequireSession({ fresh: '5m' })`."))],
  [
    'An identity provider can end its sessions',
    always(yours('Behind single sign-on, call `store.revokeBy({ … })` from its back-channel logout.')),
  ],
  [
    'No session is made before something is stored in it',
    ({ saveUninitialized }) => (saveUninitialized ? off('Set `saveUninitialized: false`: each visitor and bot leaves a row.') : 'met'),
  ],
  ['Unknown ids and sign-outs make no row', met],
  ['No row belongs to an empty id', met],
  ['The cookie is HttpOnly, Secure and SameSite', ofCookie(safeCookie)],
  [
    'The name of the cookie has the prefix __Host-',
    ofCookie(({ name }) =>
      name.startsWith('__Host-') ? 'met' : off("Set `name: '__Host-sid'` with `cookie.secure: true`, if all requests come over HTTPS."),
    ),
  ],
  [
    'The name of the cookie does not reveal the software',
    ofCookie(({ name }) => (/^(?:connect\.sid|phpsessid|jsessionid|asp\.net_sessionid)$/i.test(name) ? off('Set another `name`.') : 'met')),
  ],
  [
    'The cookie ends with the browser, and is never the only end of a session',
    ofCookie(({ cookie }) =>
      typeof cookie === 'object' && !cookie.maxAge ? 'met' : yours('Give a cookie a `maxAge` only to those who asked to stay signed in.'),
    ),
  ],
  ['Only the cookie names a session, never the URL', met],
  [
    'Pages that depend on a session are not kept by caches',
    always(yours('Send `Cache-Control: no-store` with them, and `Vary: Cookie` where a cache may keep a part.')),
  ],
  [
    'A sign-out clears what the browser keeps',
    always(yours('Sign out by `session.logout({ clearSiteData: true })`, if the browser may be shared.')),
  ],
  [
    'The secret is long, random, and can be changed',
    ofCookie(({ secret }) => {
      const weak = findWeakSecret(secret);
      return weak === undefined ? 'met' : off(weak);
    }),
  ],
  ['What cannot be verified or decoded is no session', met],
  [
    'Reading a session runs no code',
    ({ serializer }) =>
      serializer.name === 'json' || serializer.name === 'graph'
        ? 'met'
        : yours('Let your serializer revive data only, and no classes but those on a list.'),
  ],
  ['No stored key reaches a prototype or a method', met],
  [
    'The data is encrypted at rest',
    ({ encryption }) => {
      if (!encryption) return off('Set `encryption`, if others may read the table or its backups.');
      if (!encryption.acceptsPlain) return 'met';
      return yours(
        'Remove `encryption.acceptPlain` when the sessions from before are over: whoever can write to the table can make a session.',
      );
    },
  ],
  ['The size of a session is bounded', met],
  ['What happens to sessions is logged', always(yours('Listen to the events of the store and log them.'))],
  ['No log or error holds ids, cookies or data', met],
  ['Events name a session by its handle', met],
  ['A change of address or browser is noticed', ifSet('metadata', 'Set `metadata`, and compare what the events and `store.list()` say.')],
  ['Guessing is noticed', always(yours('Limit the requests of one source, as by @nestjs/throttler or at the proxy.'))],
  ['Without its database nobody is signed in, and it recovers by itself', met],
  ['No write that failed is reported as a success', met],
  ['Checking and acting are one statement', met],
  ['Locks are bounded, and end with their holders', met],
  ['Expired rows are removed', ({ prune }) => (prune ? 'met' : yours('Call `store.prune()` on a schedule.'))],
  [
    'The server decides whose session it is',
    ({ userId }) => (userId === userOf ? 'met' : yours('Let `userId` read only what the server has put into the session.')),
  ],
  [
    'Other sites cannot act with a session',
    ofCookie(({ csrf }) => (csrf ? 'met' : off('Set `csrf: true`, or `csrf: { trustedOrigins }`.'))),
  ],
];

/** Each item of the checklist, as these options meet it. */
export function reportSecurity(options: ResolvedSessionOptions): SecurityItem[] {
  return ITEMS.map(([title, judge], index) => {
    const finding = judge(options);
    return { id: `S${index + 1}`, title, ...(finding === 'met' ? { state: 'met' as const } : finding) };
  });
}

/** Those whose being off is a weakness everywhere, and no matter of taste. */
const WEAK_IF_OFF: ReadonlySet<string> = new Set(['S6', 'S13', 'S25', 'S28']);

/** A warning for each weak setting. */
export function findWeakSettings(options: ResolvedSessionOptions): string[] {
  return reportSecurity(options).flatMap(({ id, state, remedy }) =>
    state === 'off' && WEAK_IF_OFF.has(id) ? [`A session option is weak for production (${id}). ${remedy}`] : [],
  );
}
