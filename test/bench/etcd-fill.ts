/** Writes `range/00000` and on, 1 kB each, through etcd's API: `URL COUNT`. */
import { Client, credentials } from '@grpc/grpc-js';
import { decode, encode } from '../../src/store/proto/codec.js';
import type { Message } from '../../src/store/proto/message.js';

const [url = '', count = '0'] = process.argv.slice(2);
const client = new Client(new URL(url).host, credentials.createInsecure());
const value = new Uint8Array(1024).fill(120);
const put = (key: string) =>
  new Promise<Message<'PutResponse'>>((resolve, reject) =>
    client.makeUnaryRequest(
      '/etcdserverpb.KV/Put',
      (r: Parameters<typeof encode<'PutRequest'>>[1]) => Buffer.from(encode('PutRequest', r)),
      (b: Buffer) => decode('PutResponse', b),
      { key, value },
      (error, answer) => (error ? reject(error) : resolve(answer!)),
    ),
  );
let next = 0;
await Promise.all(
  Array.from({ length: 64 }, async () => {
    while (next < Number(count)) await put(`range/${String(next++).padStart(5, '0')}`);
  }),
);
client.close();
