import { sign } from 'cookie-signature';

/** What the server signs cookies with, and the client, too. */
export const SECRET = 'a long secret of the bench, which nobody needs to know';

/** The cookie header of somebody with this session. */
export const cookieOf = (sid) => `sid=${encodeURIComponent(`s:${sign(sid, SECRET)}`)}`;
