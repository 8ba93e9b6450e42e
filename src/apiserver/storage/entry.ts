/**
 * One stored object: parsed once, serialized once. The store keeps its JSON without a resourceVersion; what clients are served is the
 * same bytes with the revision spliced in behind `"metadata":{`, so an object is never serialized a second time for a GET, LIST or WATCH.
 */
import { equal } from '../../meta/apply/plan.js';
import type { AnyObject } from '../../meta/object.js';
import { equalBytes, text, utf8 } from '../../util/bytes.js';

const METADATA = '"metadata":{';
const decoderView = new TextDecoder();

export class Entry {
  private parsed?: AnyObject;
  private served?: Uint8Array;
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
    if (!this.parsed) {
      this.parsed = JSON.parse(text(this.stored)) as AnyObject;
      this.parsed.metadata.resourceVersion = String(this.revision);
    }
    return this.parsed;
  }

  /** The JSON as a client gets it. */
  get bytes(): Uint8Array {
    if (!this.served) this.served = this.revision ? withRevision(this.stored, this.revision) : this.stored;
    return this.served;
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
    this.parsed = undefined;
    this.served = undefined;
    this.converted = undefined;
    this.frames = undefined;
  }

  /** Where the fields after kind and apiVersion begin: a list's items carry neither. */
  get itemOffset(): number {
    const head = decoderView.decode(this.bytes.subarray(0, 300));
    return head.indexOf(METADATA);
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

function withRevision(stored: Uint8Array, revision: number): Uint8Array {
  const head = decoderView.decode(stored.subarray(0, 300));
  const at = head.indexOf(METADATA);
  if (at < 0) throw new Error('a stored object without metadata');
  const cut = at + METADATA.length;
  const insert = utf8(`"resourceVersion":"${revision}",`);
  const out = new Uint8Array(stored.length + insert.length);
  out.set(stored.subarray(0, cut));
  out.set(insert, cut);
  out.set(stored.subarray(cut), cut + insert.length);
  return out;
}
