import {
  BadRequestException,
  Body,
  Controller,
  Header,
  HttpCode,
  Inject,
  Post,
} from '@nestjs/common';
import { jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { SessionStore } from 'nestjs-typeorm-session';

/** Who may end sessions: the identity provider, its keys, and the application as it is known there. */
export interface IdentityProvider {
  issuer: string;
  clientId: string;
  keys: JWTVerifyGetKey; // createRemoteJWKSet(new URL(metadata.jwks_uri))
}

export const IDENTITY_PROVIDER = Symbol('IDENTITY_PROVIDER');

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** OpenID Connect Back-Channel Logout 1.0. */
@Controller('back-channel-logout')
export class BackChannelLogoutController {
  constructor(
    @Inject(IDENTITY_PROVIDER) private readonly provider: IdentityProvider,
    private readonly sessions: SessionStore,
  ) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async logout(@Body('logout_token') token: unknown): Promise<void> {
    const { sid, sub, iat } = await this.verify(token);
    // `iat` is in whole seconds: the second itself counts, and a newer sign-in stays.
    const before = new Date((iat! + 1) * 1_000);
    if (typeof sid === 'string') await this.sessions.revokeBy({ idpSid: sid }, { before });
    else await this.sessions.revokeUser(sub!);
  }

  private async verify(token: unknown): Promise<JWTPayload> {
    const { issuer, clientId, keys } = this.provider;
    const required = {
      issuer,
      audience: clientId,
      requiredClaims: ['iat', 'jti'],
      maxTokenAge: '2 minutes',
      clockTolerance: '10 seconds',
    };
    const { payload } = await jwtVerify(String(token), keys, required).catch(() => refuse());
    const events = (payload['events'] ?? {}) as Record<string, unknown>;
    const isLogout = typeof events === 'object' && Object.hasOwn(events, LOGOUT_EVENT);
    const isOfSomebody = [payload['sid'], payload.sub].some(
      (claim) => typeof claim === 'string' && claim !== '',
    );
    // With a nonce it would be an ID token, which anybody who has signed in holds.
    return isLogout && isOfSomebody && !('nonce' in payload) ? payload : refuse();
  }
}

function refuse(): never {
  throw new BadRequestException('This is no logout token of our identity provider.');
}
