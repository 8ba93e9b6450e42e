/**
 * The names under which the API's messages, fields and services are known outside: packages, files, and what is not our name in
 * snake case. Source: https://github.com/etcd-io/etcd/tree/v3.6.14/api (rpc.proto, kv.proto, auth.proto), gRPC's health and reflection.
 */

import { table } from '../../util/own.js';

/** Each package is a file. */
export const FILES: Readonly<Record<string, string>> = table({
  mvccpb: 'kv.proto',
  authpb: 'auth.proto',
  etcdserverpb: 'rpc.proto',
  v3lockpb: 'v3lock.proto',
  v3electionpb: 'v3election.proto',
  'grpc.health.v1': 'grpc/health/v1/health.proto',
  'grpc.reflection.v1': 'grpc/reflection/v1/reflection.proto',
  'grpc.reflection.v1alpha': 'grpc/reflection/v1alpha/reflection.proto',
});

/** `Method Request Response`; a streamed side has a `*`. */
const REFLECTION = 'ServerReflectionInfo ServerReflectionRequest* ServerReflectionResponse*';

const each = (prefix: string, methods: string): string =>
  methods
    .split(' ')
    .map((m) => `${m} ${prefix}${m}Request ${prefix}${m}Response`)
    .join(', ');

export const SERVICES: Readonly<Record<string, string>> = {
  'etcdserverpb.KV': `${each('', 'Range Put DeleteRange Txn')}, Compact CompactionRequest CompactionResponse`,
  'etcdserverpb.Watch': 'Watch WatchRequest* WatchResponse*',
  'etcdserverpb.Lease': `${each('', 'LeaseGrant LeaseRevoke LeaseTimeToLive LeaseLeases')}, LeaseKeepAlive LeaseKeepAliveRequest* LeaseKeepAliveResponse*`,
  'etcdserverpb.Cluster': each('', 'MemberAdd MemberRemove MemberUpdate MemberList MemberPromote'),
  'etcdserverpb.Maintenance': `${each('', 'Alarm Status')}, ${each('', 'Defragment Hash HashKV MoveLeader Downgrade')}, Snapshot SnapshotRequest SnapshotResponse*`,
  'etcdserverpb.Auth': `${each('', 'AuthEnable AuthDisable AuthStatus Authenticate')}, ${each('Auth', 'UserAdd UserGet UserList UserDelete UserChangePassword UserGrantRole UserRevokeRole RoleAdd RoleGet RoleList RoleDelete RoleGrantPermission RoleRevokePermission')}`,
  'v3lockpb.Lock': each('', 'Lock Unlock'),
  'v3electionpb.Election': `${each('', 'Campaign Proclaim Leader Resign')}, Observe LeaderRequest LeaderResponse*`,
  'grpc.health.v1.Health': 'Check HealthCheckRequest HealthCheckResponse, Watch HealthCheckRequest HealthCheckResponse*',
  'grpc.reflection.v1.ServerReflection': REFLECTION,
  'grpc.reflection.v1alpha.ServerReflection': REFLECTION,
};

/** Messages that are in another package than the file that needs them. */
export const PACKAGES: Readonly<Record<string, string>> = table({
  Header: 'etcdserverpb',
  KeyValue: 'mvccpb',
  Event: 'mvccpb',
  User: 'authpb',
  Role: 'authpb',
  Permission: 'authpb',
  UserAddOptions: 'authpb',
});

export const packageOf = (message: string, within: string): string => PACKAGES[message] ?? within;

export const messageName = (message: string): string => (message === 'Header' ? 'ResponseHeader' : message);

/** Fields whose name outside is not ours in snake case; `*`: in every message that is not named itself. */
const FIELD_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = table({
  '*': {
    id: 'ID',
    ttl: 'TTL',
    grantedTtl: 'grantedTTL',
    peerUrls: 'peerURLs',
    clientUrls: 'clientURLs',
    isLearner: 'isLearner',
    memberId: 'memberID',
    targetId: 'targetID',
    hashedPassword: 'hashedPassword',
    authRevision: 'authRevision',
    permType: 'permType',
    keyPermission: 'keyPermission',
    targetVersion: 'targetVersion',
  },
  Header: {},
  StatusResponse: Object.fromEntries(
    [
      'dbSize',
      'raftIndex',
      'raftTerm',
      'raftAppliedIndex',
      'dbSizeInUse',
      'isLearner',
      'storageVersion',
      'dbSizeQuota',
      'downgradeInfo',
    ].map((n) => [n, n]),
  ),
  RequestOp: { range: 'request_range', put: 'request_put', deleteRange: 'request_delete_range', txn: 'request_txn' },
  ResponseOp: { range: 'response_range', put: 'response_put', deleteRange: 'response_delete_range', txn: 'response_txn' },
  WatchRequest: { create: 'create_request', cancel: 'cancel_request', progress: 'progress_request' },
});

export const fieldName = (message: string, field: string): string =>
  (FIELD_NAMES[message] ?? FIELD_NAMES['*']!)[field] ?? field.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** The messages of which only one field is there at a time: the name of the choice, and its fields (none given: all). */
export const ONEOFS: Readonly<Record<string, readonly [name: string, fields?: readonly string[]]>> = table({
  RequestOp: ['request'],
  ResponseOp: ['response'],
  WatchRequest: ['request_union'],
  Compare: ['target_union', ['version', 'createRevision', 'modRevision', 'value', 'lease']],
  ServerReflectionRequest: [
    'message_request',
    ['fileByFilename', 'fileContainingSymbol', 'fileContainingExtension', 'allExtensionNumbersOfType', 'listServices'],
  ],
  ServerReflectionResponse: [
    'message_response',
    ['fileDescriptorResponse', 'allExtensionNumbersResponse', 'listServicesResponse', 'errorResponse'],
  ],
});

/** The type of each enum field: `Message.Type` is declared in that message, a bare name in its file. */
export const ENUM_OF: Readonly<Record<string, string>> = table({
  'RangeRequest.sortOrder': 'RangeRequest.SortOrder',
  'RangeRequest.sortTarget': 'RangeRequest.SortTarget',
  'Compare.result': 'Compare.CompareResult',
  'Compare.target': 'Compare.CompareTarget',
  'WatchCreateRequest.filters': 'WatchCreateRequest.FilterType',
  'AlarmRequest.action': 'AlarmRequest.AlarmAction',
  'AlarmRequest.alarm': 'AlarmType',
  'AlarmMember.alarm': 'AlarmType',
  'DowngradeRequest.action': 'DowngradeRequest.DowngradeAction',
  'Event.type': 'Event.EventType',
  'Permission.permType': 'Permission.Type',
  'HealthCheckResponse.status': 'HealthCheckResponse.ServingStatus',
});

/** Their values, from 0 on. */
export const ENUMS: Readonly<Record<string, string>> = table({
  'RangeRequest.SortOrder': 'NONE ASCEND DESCEND',
  'RangeRequest.SortTarget': 'KEY VERSION CREATE MOD VALUE',
  'Compare.CompareResult': 'EQUAL GREATER LESS NOT_EQUAL',
  'Compare.CompareTarget': 'VERSION CREATE MOD VALUE LEASE',
  'WatchCreateRequest.FilterType': 'NOPUT NODELETE',
  'AlarmRequest.AlarmAction': 'GET ACTIVATE DEACTIVATE',
  AlarmType: 'NONE NOSPACE CORRUPT',
  'DowngradeRequest.DowngradeAction': 'VALIDATE ENABLE CANCEL',
  'Event.EventType': 'PUT DELETE',
  'Permission.Type': 'READ WRITE READWRITE',
  'HealthCheckResponse.ServingStatus': 'UNKNOWN SERVING NOT_SERVING SERVICE_UNKNOWN',
});

/** Fields whose type outside is not what we read them as. */
export const TYPE_OF: Readonly<Record<string, 'bytes' | 'int32'>> = table({
  'User.name': 'bytes',
  'Role.name': 'bytes',
  'ErrorResponse.errorCode': 'int32',
  'ExtensionRequest.extensionNumber': 'int32',
  'ExtensionNumberResponse.extensionNumber': 'int32',
});
