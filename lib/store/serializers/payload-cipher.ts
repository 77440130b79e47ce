import { createCipheriv, createDecipheriv, randomFillSync, type KeyObject } from 'node:crypto';
import { SessionEntityError, SessionSerializationError } from '../../session.errors.js';

/** A key, and the name by which a payload says that it was encrypted with it. */
export interface PayloadKey {
  readonly id: string;
  /** 256 bits. */
  readonly key: KeyObject;
}

const ALGORITHM = 'aes-256-gcm';
/** `$aes256gcm$<key id>$<base64url of IV, ciphertext and tag>`: no JSON, so a json column holds it as a string. */
const MARKER = '$aes256gcm$';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const IVS_AT_ONCE = 256;

/** Whether a payload is encrypted, or says so. */
const isSealed = (payload: string): boolean => payload.startsWith(MARKER);

/**
 * Encrypts payloads with the newest key, and reads those of older ones. Each is bound to the handle of its row, so that it can be
 * read in no other row.
 */
export class PayloadCipher {
  private readonly newest: PayloadKey;
  private readonly byId: ReadonlyMap<string, KeyObject>;
  private readonly random = Buffer.alloc(IV_BYTES * IVS_AT_ONCE);
  private drawn = this.random.length;

  constructor(
    keys: readonly [PayloadKey, ...PayloadKey[]],
    /** Whether a payload that is not encrypted is read. */
    readonly acceptsPlain: boolean,
  ) {
    this.newest = keys[0];
    this.byId = new Map(keys.map(({ id, key }) => [id, key]));
  }

  /** Throws `SessionEntityError` for a row without a handle, and `SessionSerializationError` for text that is no Unicode. */
  seal(text: string, handle: string | null | undefined): string {
    if (!handle) {
      throw new SessionEntityError(
        'The row of this session has no `handle`, and its data cannot be encrypted without one. Fill the column with 32 random hexadecimal digits.',
      );
    }
    if (!text.isWellFormed()) {
      throw new SessionSerializationError(
        'The session cannot be encrypted, because its `serializer` returned half of a surrogate pair. Use one that escapes it, as JSON does.',
      );
    }
    const iv = this.nextIv();
    const cipher = createCipheriv(ALGORITHM, this.newest.key, iv);
    cipher.setAAD(boundTo(handle));
    const bytes = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${MARKER}${this.newest.id}$${bytes.toString('base64url')}`;
  }

  /** Throws `SessionSerializationError` for what was not encrypted for this row with one of the keys. */
  open(payload: string, handle: string | null | undefined): string {
    if (!isSealed(payload)) {
      if (this.acceptsPlain) return payload;
      throw unreadable('is not encrypted. Set `encryption.acceptPlain` while sessions from before the encryption live');
    }
    const end = payload.indexOf('$', MARKER.length);
    const key = this.byId.get(payload.slice(MARKER.length, end));
    if (!key) throw unreadable('is encrypted with a key that is not in `encryption.keys`. Keep a key there as long as its sessions live');
    if (!handle) throw unreadable('is encrypted, and its row has no `handle`');
    const bytes = Buffer.from(payload.slice(end + 1), 'base64url');
    if (bytes.length < IV_BYTES + TAG_BYTES) throw notForThisRow();
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES));
    decipher.setAAD(boundTo(handle));
    // Always whole: Node.js would take a shorter one, too.
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
    try {
      decipher.final();
    } catch {
      throw notForThisRow();
    }
    // In one go, because a decipher that returns strings keeps a decoder for each.
    return text.toString('utf8');
  }

  /** Random bytes that were given to nobody before; drawn for many at a time, because that costs as much as for one. */
  private nextIv(): Buffer {
    if (this.drawn === this.random.length) {
      randomFillSync(this.random);
      this.drawn = 0;
    }
    this.drawn += IV_BYTES;
    return Buffer.from(this.random.subarray(this.drawn - IV_BYTES, this.drawn));
  }
}

/** Throws `SessionSerializationError` for an encrypted payload where there is no key. */
export function assertPlain(payload: string): string {
  if (isSealed(payload)) throw unreadable('is encrypted, and there is no `encryption`. Set it with the key');
  return payload;
}

const boundTo = (handle: string): Buffer => Buffer.from(`session data of ${handle}`);

const notForThisRow = (): SessionSerializationError =>
  unreadable('was not encrypted for its row with this key: it was changed, or comes from another row');

const unreadable = (why: string): SessionSerializationError => new SessionSerializationError(`The data of a stored session ${why}.`);
