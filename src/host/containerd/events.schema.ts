/**
 * containerd's own event stream, which also tells what CRI of containerd 1.6 does not stream.
 * Every event of a task or a container begins with the container's id, which is all that is read. Source: https://github.com/containerd/containerd/tree/v1.6.20/api
 */
export const EVENTS_SCHEMA = `
SubscribeRequest: filters=1 string[]
Timestamp: seconds=1 int64, nanos=2 int32
Any: typeUrl=1 string, value=2 bytes
Envelope: timestamp=1 Timestamp, namespace=2 string, topic=3 string, event=4 Any
ContainerEvent: containerId=1 string
`;
