/** A snapshot on its way to a client: etcd's database in pieces, then the SHA-256 of it. */
import type { StoreSnapshot } from '../../store/maintenance.js';
import { ETCD_CLUSTER_VERSION, type EtcdContext } from '../context.js';
import type { Send, ServerStreamSignal } from '../grpc/method.js';
import { snapshotImage } from './export.js';

/** Bytes of one message; a value that is longer makes a longer one. */
const PIECE = 64 * 1024;

/** Resolves when all is sent, or the client has gone. The snapshot is the caller's to release. */
export async function streamSnapshot(
  snapshot: StoreSnapshot,
  c: EtcdContext,
  send: Send<'SnapshotResponse'>,
  signal: ServerStreamSignal,
): Promise<void> {
  const image = await snapshotImage(snapshot, c);
  const digest = c.sha256();
  let left = image.size;
  for (const blob of pieces(image.pages())) {
    if (signal.lost) return;
    digest.update(blob);
    left -= blob.length;
    await send({ remainingBytes: left, blob, version: ETCD_CLUSTER_VERSION });
  }
  await send({ remainingBytes: 0, blob: digest.digest(), version: ETCD_CLUSTER_VERSION });
}

/** Small pages together; the bytes are good until the next piece is asked for. */
function* pieces(pages: Iterable<Uint8Array>): Generator<Uint8Array> {
  const piece = new Uint8Array(PIECE);
  let length = 0;
  for (const page of pages) {
    if (length > 0 && length + page.length > PIECE) {
      yield piece.subarray(0, length);
      length = 0;
    }
    if (page.length > PIECE) {
      yield page;
      continue;
    }
    piece.set(page, length);
    length += page.length;
  }
  if (length > 0) yield piece.subarray(0, length);
}
