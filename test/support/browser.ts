import { createHmac } from 'node:crypto';

/** Somebody who sends requests to one address, keeps cookies as a browser does, and follows no redirect by himself. */
export class Browser {
  /** Every session id that the server ever named to this browser. */
  readonly ids: string[] = [];
  /** The session cookie as it was sent, still encoded and signed. */
  cookie: string | undefined;

  constructor(
    readonly address: string,
    private readonly name = 'sid',
  ) {}

  async get(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.cookie !== undefined) headers.set('cookie', `${this.name}=${this.cookie}`);
    const response = await fetch(this.address + path, { redirect: 'manual', ...init, headers });
    for (const line of setCookies(response)) this.keep(line);
    return response;
  }

  post(path: string, init: RequestInit = {}): Promise<Response> {
    return this.get(path, { method: 'POST', ...init });
  }

  /** The answer's body as JSON; anything but a 2xx is an error. */
  async json<T = unknown>(path: string, init?: RequestInit): Promise<T> {
    const response = await this.get(path, init);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** The session id inside the signed cookie. */
  get id(): string | undefined {
    return this.cookie === undefined ? undefined : idIn(this.cookie);
  }

  /** Somebody else with the same cookie: another tab, or a thief. */
  clone(): Browser {
    const other = new Browser(this.address, this.name);
    other.cookie = this.cookie;
    return other;
  }

  private keep(line: string): void {
    const [pair = '', ...attributes] = line.split(/;\s*/);
    const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
    if (name !== this.name) return;
    const expires = attributes.find((attribute) => /^expires=/i.test(attribute))?.slice('expires='.length);
    const isDropped = expires !== undefined && Date.parse(expires) <= Date.now();
    this.cookie = isDropped ? undefined : value;
    if (this.id !== undefined) this.ids.push(this.id);
  }
}

/** The Set-Cookie headers of an answer. */
export const setCookies = (response: Response): string[] => response.headers.getSetCookie();

/** The id in a signed cookie, `s:<id>.<signature>`, url-encoded as it is sent. */
export function idIn(cookie: string): string {
  const [, id] = /^s:(.*)\.[\w+/]{43}$/s.exec(decodeURIComponent(cookie)) ?? [];
  if (id === undefined) throw new Error(`This is no signed session cookie: ${cookie}`);
  return id;
}

/** A cookie as the server would send it for this id and secret. */
export function signedCookie(id: string, secret: string): string {
  const signature = createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');
  return encodeURIComponent(`s:${id}.${signature}`);
}
