const SAVED_FIRST = 'the store works before the head, so its error reaches the error handler instead of following a 200';
const OWN_STORE = 'the middleware has a store of its own and takes no other';
const WORDING = 'refused, in other words';
const MUST = 'refused; the test asks for the word "must"';

/** Tests of express-session that fail over this package on purpose, with the reason, by mode. */
export const expectedDifferences = {
  store: {
    'when session without cookie property in store › should pass error from inflate':
      'the test stores data without a `cookie`, which `store.set` refuses at once',
    'req.session › .reload() › should error is session missing': 'the same error, as a SessionInterruptedError with its own message',
    'req.session › .touch() › should reset session expiration': 'a touch is written once per `touchInterval`, not with each request',
  },
  middleware: {
    'should error without secret': 'a missing secret stops the start',
    'should get secret from req.secret': 'a missing secret stops the start; `req.secret` is not read',
    'when session without cookie property in store › should pass error from inflate':
      'the test stores data without a `cookie`, which `store.set` refuses at once',
    'genid option › should reject non-function values': MUST,
    'resave option › when false › should pass session touch error': SAVED_FIRST,
    'saveUninitialized option › should pass session save error': SAVED_FIRST,
    'secret option › should reject empty arrays': WORDING,
    'unset option › should reject unknown values': MUST,
    'unset option › should pass session destroy error': SAVED_FIRST,
    'res.end patch › should error when res.end is called twice': 'headers that are set after `end` are dropped without an error',
    'req.session › .reload() › should error is session missing': 'the same error, as a SessionInterruptedError with its own message',
    'req.session › .touch() › should reset session expiration': 'a touch is written once per `touchInterval`, not with each request',
    'req.session › .cookie › .originalMaxAge › should equal original maxAge for all requests': OWN_STORE,
    'synchronous store › should respond correctly on destroy': OWN_STORE,
  },
};
