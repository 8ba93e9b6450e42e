import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { decode, encode, encodeFramed, ProtoError } from './codec.js';

/** The same messages by another implementation of protobuf. */
const { root } = protobuf.parse(`syntax = "proto3";
  message Header { uint64 clusterId = 1; uint64 memberId = 2; int64 revision = 3; uint64 raftTerm = 4; }
  message KeyValue { bytes key = 1; int64 createRevision = 2; int64 modRevision = 3; int64 version = 4; bytes value = 5; int64 lease = 6; }
  message RangeResponse { Header header = 1; repeated KeyValue kvs = 2; bool more = 3; int64 count = 4; }
  message WatchCreateRequest { bytes key = 1; bytes rangeEnd = 2; int64 startRevision = 3; bool progressNotify = 4; repeated int32 filters = 5; bool prevKv = 6; int64 watchId = 7; }
  message LeaseTimeToLiveResponse { Header header = 1; int64 id = 2; int64 ttl = 3; int64 grantedTtl = 4; repeated bytes keys = 5; }`);
const theirs = (name: string) => root.lookupType(name);
const bin = (s: string) => Uint8Array.from(s, (c) => c.charCodeAt(0));

describe('the codec', () => {
  const numbers = [0, 1, 127, 128, 16383, 16384, 2 ** 31, 2 ** 32, 2 ** 35 - 1, 2 ** 49, 2 ** 53 - 1, -1];

  it.each(numbers)('reads and writes %d as others do', (n) => {
    const id = BigInt.asIntN(64, BigInt(n) * 1025n);
    const draft = { header: { clusterId: 2n ** 64n - 1n, revision: n }, id, ttl: n, grantedTtl: 5, keys: ['a', '\xff\x00'] };
    const bytes = encode('LeaseTimeToLiveResponse', draft);
    const read = theirs('LeaseTimeToLiveResponse').toObject(theirs('LeaseTimeToLiveResponse').decode(bytes), {
      longs: String,
      defaults: true,
    });
    expect(read).toMatchObject({
      ttl: String(n),
      id: String(id),
      header: { clusterId: '18446744073709551615', revision: String(n) },
    });
    expect(decode('LeaseTimeToLiveResponse', bytes)).toMatchObject({
      ...draft,
      header: { clusterId: 2n ** 64n - 1n, revision: n, memberId: 0n },
    });
  });

  it('reads nested and repeated messages that others wrote', () => {
    const kvs = Array.from({ length: 30 }, (_, i) => ({
      key: bin(`k${i}\x80`),
      value: new Uint8Array(i * 50).fill(i),
      modRevision: i,
      lease: i - 3,
    }));
    const bytes = theirs('RangeResponse')
      .encode(theirs('RangeResponse').fromObject({ kvs, count: 30, more: true }))
      .finish();
    const read = decode('RangeResponse', bytes);
    expect(read).toMatchObject({ count: 30, more: true, header: undefined });
    expect(read.kvs.map((kv) => [kv.key, kv.value.length, kv.modRevision, kv.lease])).toEqual(
      kvs.map((kv, i) => [`k${i}\x80`, kv.value.length, kv.modRevision, BigInt(kv.lease)]),
    );
    expect([...encode('RangeResponse', read)]).toEqual([...bytes]);
  });

  it('takes packed and unpacked lists, and passes over unknown fields', () => {
    const type = theirs('WatchCreateRequest');
    const packed = type.encode(type.fromObject({ key: bin('a'), filters: [0, 1], watchId: 7 })).finish();
    expect(decode('WatchCreateRequest', packed)).toMatchObject({ key: 'a', filters: [0, 1], watchId: 7, fragment: false });
    const unpacked = Uint8Array.of(
      0x28,
      0,
      0x28,
      1,
      0xf8,
      0x07,
      5,
      0xfa,
      0x07,
      2,
      9,
      9,
      0xfd,
      0x07,
      1,
      2,
      3,
      4,
      0xf9,
      0x07,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
    );
    expect(decode('WatchCreateRequest', unpacked).filters).toEqual([0, 1]);
  });

  it.each([[[0x0a, 5, 1]], [[0x0a]], [[0x08, 1]], [[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]], [[0x0b]]])(
    'refuses %j',
    (bytes) => {
      expect(() => decode('PutRequest', Uint8Array.from(bytes))).toThrow(ProtoError);
    },
  );

  it('grows for a large message and puts the length in front', () => {
    const value = new Uint8Array(6_000_000).fill(7);
    const framed = encodeFramed('RangeResponse', { kvs: [{ key: 'a', value }], count: 1 });
    expect(new DataView(framed.buffer, framed.byteOffset).getUint32(1)).toBe(framed.length - 5);
    expect(Buffer.from(decode('RangeResponse', framed.subarray(5)).kvs[0]!.value).equals(value)).toBe(true);
    expect(decode('RangeResponse', encode('RangeResponse', { count: 3 }))).toMatchObject({ count: 3 });
  });
});
