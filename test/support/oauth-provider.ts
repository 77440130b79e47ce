import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import express from 'express';
import { startExpress } from './express-app.js';

export const CLIENT_ID = 'the application';

/** Starts an identity provider that signs everybody in as Ada, with OAuth 2 and OpenID Connect; its address. */
export async function startProvider(): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  const nonces = new Map<string, string | undefined>();
  let address = '';
  address = await startExpress((app) => {
    app.use(express.urlencoded());
    app.get('/.well-known/openid-configuration', (_req, res) => {
      res.json({
        issuer: address,
        authorization_endpoint: `${address}/authorize`,
        token_endpoint: `${address}/token`,
        jwks_uri: `${address}/jwks`,
        response_types_supported: ['code'],
        id_token_signing_alg_values_supported: ['RS256'],
      });
    });
    app.get('/jwks', (_req, res) => void res.json({ keys: [key] }));
    app.get('/authorize', ({ query }, res) => {
      const { redirect_uri, state, nonce } = query as Record<string, string>;
      const code = crypto.randomUUID();
      nonces.set(code, nonce);
      const back = new URL(redirect_uri!);
      back.searchParams.set('code', code);
      if (state) back.searchParams.set('state', state);
      res.redirect(back.href);
    });
    app.post('/token', async (req, res) => {
      const { code } = req.body as { code: string };
      const nonce = nonces.get(code);
      const token = new SignJWT({ nonce })
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .setIssuer(address)
        .setAudience(CLIENT_ID)
        .setSubject('ada')
        .setIssuedAt()
        .setExpirationTime('1m');
      res.json({ access_token: 'a token', token_type: 'bearer', expires_in: 60, id_token: await token.sign(privateKey) });
    });
  });
  return address;
}
