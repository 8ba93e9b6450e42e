/**
 * One stored object: its bytes, and while somebody in the process looks at it the object they are of. The store keeps its JSON without a
 * resourceVersion; what clients are served is the same bytes with the revision spliced in behind `"metadata":{`, so an object is never serialized a
 * second time for a GET, LIST or WATCH, and its bytes are there once.
 */
import { equal } from '../../meta/apply/plan.js';
import type { AnyObject } from '../../meta/object.js';
import { concat, equalBytes, text, utf8 } from '../../util/bytes.js';

const METADATA = utf8('"metadata":{');
/** Kind and apiVersion stand before it. */
const METADATA_WITHIN = 2048;

export class Entry {
  private parsed?: AnyObject;
  /** Was looked at since `rest` was called last. */
  private looked = false;
  /** What was let go of here may live on elsewhere: an informer's copy is this very object. */
  private elsewhere?: WeakRef<AnyObject>;
  private converted?: Map<string, Entry>;
  private frames?: Map<string, Uint8Array>;

  constructor(
    readonly key: string,
    /** '' for cluster-scoped objects. */
    readonly namespace: string,
    readonly name: string,
    /** 0: never stored. */
    readonly revision: number,
    private readonly stored: Uint8Array,
    parsed?: AnyObject,
  ) {
    if (parsed) {
      if (revision) parsed.metadata.resourceVersion = String(revision);
      this.parsed = parsed;
    }
  }

  /** Shared by everyone: never to be changed. */
  get object(): AnyObject {
    this.looked = true;
    this.parsed ??= this.elsewhere?.deref() ?? this.read();
    return this.parsed;
  }

  private read(): AnyObject {
    const object = JSON.parse(text(this.stored)) as AnyObject;
    object.metadata.resourceVersion = String(this.revision);
    return object;
  }

  /** The JSON as a client gets it. */
  get bytes(): Uint8Array {
    const parts: Uint8Array[] = [];
    this.write(parts, true);
    return concat(parts);
  }

  /** Adds the JSON as a client gets it to what is to be joined; as an item of a list, without kind, apiVersion and the opening brace. */
  write(parts: Uint8Array[], whole: boolean): void {
    const { stored, revision } = this;
    const at = metadataAt(stored);
    const from = whole ? 0 : at;
    if (!revision) {
      parts.push(stored.subarray(from));
      return;
    }
    const cut = at + METADATA.length;
    parts.push(stored.subarray(from, cut), utf8(`"resourceVersion":"${revision}",`), stored.subarray(cut));
  }

  /** Bytes of the stored form. */
  get size(): number {
    return this.stored.length;
  }

  /** Whether `object`, serialized as `bytes`, is what is stored already; another order of keys makes no other object. */
  isStored(bytes: Uint8Array, object: AnyObject): boolean {
    if (bytes.length !== this.stored.length) return false;
    if (equalBytes(this.stored, bytes)) return true;
    const bare = ({ metadata: { resourceVersion: _, ...metadata }, ...rest }: AnyObject) => ({ ...rest, metadata });
    return equal(bare(this.object), bare(object));
  }

  /** The object as it last was, under the revision of its deletion. */
  deletedAt(revision: number): Entry {
    return new Entry(this.key, this.namespace, this.name, revision, this.stored);
  }

  /** Its event as bytes; made once for all who watch while it is delivered to them. */
  frame(type: string, make: () => Uint8Array): Uint8Array {
    if (!this.frames) return make();
    let bytes = this.frames.get(type);
    if (!bytes) this.frames.set(type, (bytes = make()));
    return bytes;
  }

  shareFrames(): this {
    this.frames = new Map();
    return this;
  }

  releaseFrames(): void {
    this.frames = undefined;
    if (this.converted) for (const c of this.converted.values()) c.releaseFrames();
  }

  /** Lets all go that can be made again from the stored bytes. */
  release(): void {
    this.letGo();
    this.converted = undefined;
    this.frames = undefined;
  }

  /** Called now and then: lets the object go if nobody has looked at it since the last time. */
  rest(): void {
    if (!this.looked) this.release();
    this.looked = false;
  }

  private letGo(): void {
    if (!this.parsed) return;
    this.elsewhere = new WeakRef(this.parsed);
    this.parsed = undefined;
  }

  /** The same object in another version of its API; made on first use and kept. */
  as(apiVersion: string, convert: (object: AnyObject) => AnyObject): Entry {
    if (this.object.apiVersion === apiVersion) return this;
    let entry = this.converted?.get(apiVersion);
    if (!entry) {
      const object = convert(this.object);
      entry = new Entry(this.key, this.namespace, this.name, this.revision, serialize(object), object);
      if (this.frames) entry.shareFrames();
      (this.converted ??= new Map()).set(apiVersion, entry);
    }
    return entry;
  }
}

/** The bytes that are stored: kind, apiVersion and metadata first, no resourceVersion. */
export function serialize(object: AnyObject): Uint8Array {
  return utf8(serializeText(object));
}

export function serializeText(object: AnyObject): string {
  const { kind, apiVersion, metadata, ...rest } = object;
  const { resourceVersion: _, ...meta } = metadata;
  return JSON.stringify({ kind, apiVersion, metadata: meta, ...rest });
}

function metadataAt(stored: Uint8Array): number {
  const last = Math.min(stored.length, METADATA_WITHIN);
  for (let i = stored.indexOf(QUOTE); i >= 0 && i < last; i = stored.indexOf(QUOTE, i + 1)) if (isMetadata(stored, i)) return i;
  throw new Error('a stored object without metadata');
}

const QUOTE = 0x22;

function isMetadata(stored: Uint8Array, at: number): boolean {
  for (let i = 0; i < METADATA.length; i++) if (stored[at + i] !== METADATA[i]) return false;
  return true;
}
