/** What the server signs cookies with, and the client, too. */
export const SECRET = 'a secret of the bench';
