/** Long enough to be nothing to warn of. */
export const SECRET = 'a long secret for tests, which nobody else needs to know';
