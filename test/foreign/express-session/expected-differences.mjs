const SAVED_FIRST = 'the store works before the head, so its error reaches the error handler instead of following a 200';
const OWN_STORE = 'the middleware has a store of its own and takes no other';
const NO_COOKIE = 'the test stores data without a `cookie`, which `store.set` refuses at once';
const RELOAD = 'the same error, as a SessionInterruptedError with its own message';
const TOUCH = 'a touch is written once per `touchInterval`, not with each request';
const SHORT_ID = 'an id of fewer than 16 characters from `genid` is refused';
const NO_SWITCH = 'the store never says `disconnect`, and nothing listens for it: each request asks, and `onUnavailable` decides';
const HEADER_ONLY = 'ids are read from the `Cookie` header alone, not from what cookie-parser made of it';

/** Tests of express-session that fail over this package on purpose, with the reason, by mode. */
export const expectedDifferences = {
  store: {
    'when session without cookie property in store › should pass error from inflate': NO_COOKIE,
    'req.session › .reload() › should error is session missing': RELOAD,
    'req.session › .touch() › should reset session expiration': TOUCH,
    'req.session › .cookie › .* › should forward errors setting cookie':
      'an invalid `cookie.expires` is an error of `store.set` as well, so it is told twice',
  },
  middleware: {
    'should error without secret': 'a missing secret stops the start',
    'should get secret from req.secret': 'a missing secret stops the start; `req.secret` is not read',
    'when session without cookie property in store › should pass error from inflate': NO_COOKIE,
    'cookie option › when "sameSite" set to "auto" › combined with secure auto › when "secure" is "false" › "before all" hook for "should set SameSite=None without Secure when secure"':
      "`sameSite: 'auto'` with `secure: false` stops the start, because browsers drop SameSite=None without Secure",
    'genid option › should allow custom function': SHORT_ID,
    'genid option › should encode unsafe chars': SHORT_ID,
    'genid option › should provide req argument': SHORT_ID,
    'resave option › when false › should pass session touch error': SAVED_FIRST,
    'saveUninitialized option › should pass session save error': SAVED_FIRST,
    'secret option › should reject empty arrays': 'refused, in other words',
    'unset option › should pass session destroy error': SAVED_FIRST,
    'res.end patch › should error when res.end is called twice': 'headers that are set after `end` are dropped without an error',
    'req.session › should not be set if store is disconnected': NO_SWITCH,
    'req.session › should be set when store reconnects': NO_SWITCH,
    'req.session › .reload() › should error is session missing': RELOAD,
    'req.session › .touch() › should reset session expiration': TOUCH,
    'req.session › .cookie › .* › should forward errors setting cookie': 'an `expires` that is no date stops the start',
    'req.session › .cookie › .originalMaxAge › should equal original maxAge for all requests': OWN_STORE,
    'req.session › .cookie › .expires › when given a Date › should set absolute':
      'a new session whose cookie has ended makes no row, and sends no cookie either',
    'synchronous store › should respond correctly on destroy': OWN_STORE,
    'cookieParser() › should read from req.cookies': HEADER_ONLY,
    'cookieParser() › should read from req.signedCookies': HEADER_ONLY,
  },
};
