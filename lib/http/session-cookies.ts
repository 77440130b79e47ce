import type { CipherKey } from 'node:crypto';
import { parse, serialize, type CookieSerializeOptions } from 'cookie';
import { sign, unsign } from 'cookie-signature';
import { Cookie, type SessionData } from '../store/express-session.js';

/** What stands before a signed value. */
const SIGNED = 's:';

/** Cookies of one name that are verified: a sibling domain can plant about 180 in a browser, before the one that counts. */
const MAX_COOKIES = 200;
/** Ids of one request that are looked up. A browser sends two or three (other paths and domains). */
const MAX_IDS = 8;

/** Verified values that are remembered; a full memory starts anew. */
const MAX_VERIFIED = 10_000;

/** An id that nobody can guess, as a store wrote it that does not sign its cookies. */
const UNSIGNED = /^[\w~-]{20,256}$/;

const NO_IDS: readonly string[] = [];

/** Reads session ids from `Cookie` headers, and writes the lines of `Set-Cookie`. */
export class SessionCookies {
  /** Ids by their signed values. Whoever presents a remembered value has presented its signature, too. */
  private readonly verified = new Map<string, string>();

  constructor(
    private readonly name: string,
    /** The first signs, all verify. */
    private readonly secrets: readonly CipherKey[],
    /** Whether ids count without a signature, too: those of an older store. */
    private readonly takesUnsigned = false,
  ) {}

  /** The ids whose signature is right, in the order of the header: a stale cookie may stand before the one that counts. */
  idsIn(header: string | undefined): readonly string[] {
    return this.idsOf(header, (value) => this.signed(value) ?? this.unsigned(value));
  }

  private idsOf(header: string | undefined, idOf: (value: string) => string | undefined): readonly string[] {
    if (!header?.includes(this.name)) return NO_IDS;
    const ids: string[] = [];
    let count = 0;
    for (const pair of header.split(';')) {
      if (!pair.includes(this.name)) continue;
      const value = parse(pair)[this.name];
      if (value === undefined || ++count > MAX_COOKIES) continue;
      const id = idOf(value);
      if (id && !ids.includes(id) && ids.length < MAX_IDS) ids.push(id);
    }
    return ids;
  }

  /** Whether an id came without a signature: its next cookie has one. */
  isUnsigned(header: string | undefined, id: string): boolean {
    return this.takesUnsigned && !this.idsOf(header, (value) => this.signed(value)).includes(id);
  }

  /** The line that gives a session to the browser. Throws where an attribute cannot be written. */
  lineFor(id: string, cookie: SessionData['cookie']): string {
    return serialize(this.name, SIGNED + sign(id, this.secrets[0]!), attributesOf(cookie));
  }

  /** What a browser sends of the cookie of a session. */
  pairFor(id: string): string {
    return serialize(this.name, SIGNED + sign(id, this.secrets[0]!));
  }

  /** Throws where an attribute cannot be written: before a row is made that no browser would know of. */
  check(cookie: SessionData['cookie']): void {
    serialize(this.name, '', attributesOf(cookie));
  }

  /** The line that makes the browser forget a session: by the attributes that its cookie was set with. */
  farewellTo(cookie: SessionData['cookie']): string {
    return serialize(this.name, '', { ...attributesOf(cookie), expires: new Date(0) });
  }

  private signed(value: string): string | undefined {
    return value.startsWith(SIGNED) ? this.verify(value.slice(SIGNED.length)) : undefined;
  }

  private unsigned(value: string): string | undefined {
    return this.takesUnsigned && UNSIGNED.test(value) ? value : undefined;
  }

  private verify(signed: string): string | undefined {
    const known = this.verified.get(signed);
    if (known !== undefined) return known;
    for (const secret of this.secrets) {
      const id = unsign(signed, secret);
      if (id === false) continue;
      if (this.verified.size >= MAX_VERIFIED) this.verified.clear();
      this.verified.set(signed, id);
      return id;
    }
    return undefined;
  }
}

/** The attributes of a cookie under the names of the library. */
function attributesOf(cookie: SessionData['cookie']): CookieSerializeOptions {
  return (cookie as InstanceType<typeof Cookie>).data;
}
