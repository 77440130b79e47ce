import type session from 'express-session';

/**
 * What a session holds. Applications declare their keys here, or in express-session's interface of the same name; both are
 * known to `Session` and `req.session`.
 *
 * @example
 * declare module 'nestjs-typeorm-session' {
 *   interface SessionData {
 *     userId: string;
 *   }
 * }
 *
 * @publicApi
 */
export interface SessionData extends session.SessionData {}
