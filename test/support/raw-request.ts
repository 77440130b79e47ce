import { request, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

/** A response, its body as text. */
export interface RawResponse {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends exactly these headers, those included that `fetch` keeps for itself. */
export function rawRequest(address: string, path: string, headers: Record<string, string>, method = 'GET'): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    request(address + path, { method, headers, agent: false }, (res) => {
      text(res).then((body) => resolve({ status: res.statusCode, headers: res.headers, body }), reject);
    })
      .on('error', reject)
      .end();
  });
}
