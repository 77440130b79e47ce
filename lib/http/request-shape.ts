import type { Request, Response } from 'express';

/** From this version of V8 on, what is said here is put right in V8 itself: Node 24 needs none of it, Node 20 and 22 do. */
const V8_WITHOUT_NEED = 13;
const isNeeded = Number.parseInt(process.versions.v8) < V8_WITHOUT_NEED;

/**
 * Makes the request and the response of Express cheap to write to.
 *
 * Express gives both another prototype. After that V8 makes a hidden class for each property that is added, with the names of
 * all forty, for this one object: it is never found again, code compiled for one request does not fit the next, and all
 * of it outlives its request until the next full garbage collection. Where a property other than the last is deleted, V8 turns
 * the object into a hash table instead, whose hidden class is shared and stays as it is. So `method` and `sendDate`, which every
 * request and response has from its constructor, are taken away and put back; nobody sees more of it than their place in
 * `Object.keys`.
 *
 * Nothing is done where the prototype is still Node's own: only another one costs this.
 *
 * Sources: nodejs/node#37457, expressjs/express#5998.
 */
export function shareShapes(req: Request, res: Response): void {
  if (!isNeeded || !(req.app as unknown)) return;
  readd(req, 'method');
  readd(res, 'sendDate');
}

function readd<Key extends PropertyKey>(object: Record<Key, unknown>, key: Key): void {
  if (!Object.hasOwn(object, key)) return;
  const { [key]: value } = object;
  Reflect.deleteProperty(object, key);
  object[key] = value;
}
