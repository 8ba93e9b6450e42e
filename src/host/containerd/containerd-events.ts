/** What happens to containers, from containerd's event service: CRI's own stream (GetContainerEvents) is only in containerd 1.7 and later. */

import type { RuntimeEvent } from '../../kubelet/runtime.js';
import { table } from '../../util/own.js';
import { EVENTS_SCHEMA } from './events.schema.js';
import type { GrpcConnection } from './grpc.js';
import { type Message, protoCodec } from './proto.js';

const codec = protoCodec(EVENTS_SCHEMA);
const TOPICS: Readonly<Record<string, RuntimeEvent['type']>> = table({
  '/tasks/start': 'started',
  // Not at the exit itself: CRI knows of it only when it has deleted the task.
  '/tasks/delete': 'stopped',
  '/tasks/oom': 'oom',
  '/containers/delete': 'deleted',
  '/containers/create': 'created',
});

export async function* containerdEvents(connection: GrpcConnection, signal: AbortSignal): AsyncIterable<RuntimeEvent> {
  const request = { filters: ['namespace==k8s.io,topic~=/(tasks|containers)/'] };
  const stream = connection.serverStream(
    codec,
    '/containerd.services.events.v1.Events/Subscribe',
    'SubscribeRequest',
    'Envelope',
    request,
    signal,
  );
  for await (const envelope of stream) {
    const type = TOPICS[envelope.topic as string];
    if (!type) continue;
    const event = codec.decode('ContainerEvent', (envelope.event as Message).value as Uint8Array);
    yield { type, id: event.containerId as string };
  }
}
