import { describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../store/memory.js';
import { decode } from '../../store/proto/codec.js';
import { schema } from '../../store/proto/schema.js';
import { silentLogger } from '../../util/logger.js';
import { realRandom } from '../../util/random.js';
import { VirtualClock } from '../../util/virtual-clock.js';
import type { EtcdContext } from '../context.js';
import { allMethods } from '../services/all.js';
import { describeFiles } from './describe.js';
import { SERVICES } from './names.js';

const METHODS = Object.entries(SERVICES).flatMap(([name, text]) => text.split(', ').map((line) => `/${name}/${line.split(' ')[0]}`));

describe('the described files', () => {
  const files = describeFiles(METHODS);
  const message = (file: string, name: string) =>
    decode('FileDescriptorProto', files.find((f) => f.name === file)!.bytes).messageType.find((m) => m.name === name)!;
  const fields = (file: string, name: string) => message(file, name).field.map((bytes) => decode('FieldDescriptorProto', bytes));

  it("carry etcd's names, not ours", () => {
    expect(fields('rpc.proto', 'ResponseHeader').map((f) => f.name)).toEqual(['cluster_id', 'member_id', 'revision', 'raft_term']);
    expect(fields('rpc.proto', 'LeaseGrantRequest').map((f) => f.name)).toEqual(['TTL', 'ID']);
    expect(fields('rpc.proto', 'RequestOp').map((f) => f.name)).toEqual([
      'request_range',
      'request_put',
      'request_delete_range',
      'request_txn',
    ]);
    expect(fields('rpc.proto', 'RangeResponse')[1]).toMatchObject({ name: 'kvs', typeName: '.mvccpb.KeyValue', type: 11, label: 3 });
    expect(fields('auth.proto', 'User')[0]).toMatchObject({ name: 'name', type: 12 });
  });

  it('say which fields exclude one another', () => {
    expect(message('rpc.proto', 'Compare').oneofDecl).toEqual([{ name: 'target_union' }]);
    const ends = message('rpc.proto', 'Compare').field.map((bytes) => [...bytes.slice(-2)]);
    expect(ends.filter(([tag, index]) => tag === 72 && index === 0)).toHaveLength(5);
  });

  it('need only files that are there, and no file needs itself', () => {
    const names = files.map((f) => f.name);
    for (const file of files) {
      expect(names).toEqual(expect.arrayContaining([...file.dependencies]));
      expect(file.dependencies).not.toContain(file.name);
    }
  });

  it('give each enum field a type that is declared', () => {
    const declared = new Set(files.flatMap((f) => f.symbols.map((s) => `.${s}`)));
    for (const file of files)
      for (const m of decode('FileDescriptorProto', file.bytes).messageType)
        for (const bytes of m.field) {
          const field = decode('FieldDescriptorProto', bytes);
          if (field.type === 14 || field.type === 11) expect(declared, `${m.name}.${field.name}`).toContain(field.typeName);
        }
  });

  it('describe every method whose messages the schema has', () => {
    for (const [service, text] of Object.entries(SERVICES))
      for (const line of text.split(', ')) {
        const [name, input = ''] = line.split(' ');
        if (!(input.replace('*', '') in schema)) continue;
        expect(
          files.some((f) => f.symbols.includes(`${service}.${name}`)),
          `${service}/${name}`,
        ).toBe(true);
      }
  });
});

describe('the table of services', () => {
  it('names all that is served, and nothing else', () => {
    const store = openMemoryStore({ env: { clock: new VirtualClock(), random: realRandom, log: silentLogger } });
    // Only the names are asked for: no method is called.
    const served = [...allMethods({ store } as unknown as EtcdContext).keys()];
    expect([...METHODS].sort()).toEqual(served.sort());
  });
});
