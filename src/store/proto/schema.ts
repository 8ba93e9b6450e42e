/**
 * The messages of the etcd v3 API that are spoken here, one line each: field name, number and type; `[]` after the type for a repeated
 * field. Types: `key` bytes as a string of one character per byte; `bytes`; `string`; `int` int64 that fits a JavaScript number;
 * `id` int64 as bigint; `uid` uint64 as bigint; `u32`; `bool`; `enum`; else a message.
 * The TypeScript types come from these lines (see `message.ts`).
 */

import { table } from '../../util/own.js';

export const schema = table({
  Header: 'clusterId 1 uid, memberId 2 uid, revision 3 int, raftTerm 4 uid',
  KeyValue: 'key 1 key, createRevision 2 int, modRevision 3 int, version 4 int, value 5 bytes, lease 6 id',
  Event: 'type 1 enum, kv 2 KeyValue, prevKv 3 KeyValue',

  RangeRequest:
    'key 1 key, rangeEnd 2 key, limit 3 int, revision 4 int, sortOrder 5 enum, sortTarget 6 enum, serializable 7 bool, keysOnly 8 bool, countOnly 9 bool, minModRevision 10 int, maxModRevision 11 int, minCreateRevision 12 int, maxCreateRevision 13 int',
  RangeResponse: 'header 1 Header, kvs 2 KeyValue[], more 3 bool, count 4 int',
  PutRequest: 'key 1 key, value 2 bytes, lease 3 id, prevKv 4 bool, ignoreValue 5 bool, ignoreLease 6 bool',
  PutResponse: 'header 1 Header, prevKv 2 KeyValue',
  DeleteRangeRequest: 'key 1 key, rangeEnd 2 key, prevKv 3 bool',
  DeleteRangeResponse: 'header 1 Header, deleted 2 int, prevKvs 3 KeyValue[]',
  RequestOp: 'range 1 RangeRequest, put 2 PutRequest, deleteRange 3 DeleteRangeRequest, txn 4 TxnRequest',
  ResponseOp: 'range 1 RangeResponse, put 2 PutResponse, deleteRange 3 DeleteRangeResponse, txn 4 TxnResponse',
  Compare:
    'result 1 enum, target 2 enum, key 3 key, version 4 int, createRevision 5 int, modRevision 6 int, value 7 bytes, lease 8 id, rangeEnd 64 key',
  TxnRequest: 'compare 1 Compare[], success 2 RequestOp[], failure 3 RequestOp[]',
  TxnResponse: 'header 1 Header, succeeded 2 bool, responses 3 ResponseOp[]',
  CompactionRequest: 'revision 1 int, physical 2 bool',
  CompactionResponse: 'header 1 Header',

  WatchRequest: 'create 1 WatchCreateRequest, cancel 2 WatchCancelRequest, progress 3 WatchProgressRequest',
  WatchCreateRequest:
    'key 1 key, rangeEnd 2 key, startRevision 3 int, progressNotify 4 bool, filters 5 enum[], prevKv 6 bool, watchId 7 int, fragment 8 bool',
  WatchCancelRequest: 'watchId 1 int',
  WatchProgressRequest: '',
  WatchResponse:
    'header 1 Header, watchId 2 int, created 3 bool, canceled 4 bool, compactRevision 5 int, cancelReason 6 string, fragment 7 bool, events 11 Event[]',

  LeaseGrantRequest: 'ttl 1 int, id 2 id',
  LeaseGrantResponse: 'header 1 Header, id 2 id, ttl 3 int, error 4 string',
  LeaseRevokeRequest: 'id 1 id',
  LeaseRevokeResponse: 'header 1 Header',
  LeaseKeepAliveRequest: 'id 1 id',
  LeaseKeepAliveResponse: 'header 1 Header, id 2 id, ttl 3 int',
  LeaseTimeToLiveRequest: 'id 1 id, keys 2 bool',
  LeaseTimeToLiveResponse: 'header 1 Header, id 2 id, ttl 3 int, grantedTtl 4 int, keys 5 key[]',
  LeaseLeasesRequest: '',
  LeaseStatus: 'id 1 id',
  LeaseLeasesResponse: 'header 1 Header, leases 2 LeaseStatus[]',

  Member: 'id 1 uid, name 2 string, peerUrls 3 string[], clientUrls 4 string[], isLearner 5 bool',
  MemberListRequest: 'linearizable 1 bool',
  MemberListResponse: 'header 1 Header, members 2 Member[]',
  MemberAddRequest: 'peerUrls 1 string[], isLearner 2 bool',
  MemberAddResponse: 'header 1 Header, member 2 Member, members 3 Member[]',
  MemberRemoveRequest: 'id 1 uid',
  MemberRemoveResponse: 'header 1 Header, members 2 Member[]',
  MemberUpdateRequest: 'id 1 uid, peerUrls 2 string[]',
  MemberUpdateResponse: 'header 1 Header, members 2 Member[]',
  MemberPromoteRequest: 'id 1 uid',
  MemberPromoteResponse: 'header 1 Header, members 2 Member[]',

  AlarmRequest: 'action 1 enum, memberId 2 uid, alarm 3 enum',
  AlarmMember: 'memberId 1 uid, alarm 2 enum',
  AlarmResponse: 'header 1 Header, alarms 2 AlarmMember[]',
  StatusRequest: '',
  StatusResponse:
    'header 1 Header, version 2 string, dbSize 3 int, leader 4 uid, raftIndex 5 uid, raftTerm 6 uid, raftAppliedIndex 7 uid, errors 8 string[], dbSizeInUse 9 int, isLearner 10 bool, storageVersion 11 string, dbSizeQuota 12 int, downgradeInfo 13 DowngradeInfo',
  DowngradeInfo: 'enabled 1 bool, targetVersion 2 string',
  MoveLeaderRequest: 'targetId 1 uid',
  MoveLeaderResponse: 'header 1 Header',
  DowngradeRequest: 'action 1 enum, version 2 string',
  DowngradeResponse: 'header 1 Header, version 2 string',
  DefragmentRequest: '',
  DefragmentResponse: 'header 1 Header',
  HashRequest: '',
  HashResponse: 'header 1 Header, hash 2 u32',
  HashKVRequest: 'revision 1 int',
  HashKVResponse: 'header 1 Header, hash 2 u32, compactRevision 3 int, hashRevision 4 int',
  SnapshotRequest: '',
  SnapshotResponse: 'header 1 Header, remainingBytes 2 int, blob 3 bytes, version 4 string',

  UserAddOptions: 'noPassword 1 bool',
  User: 'name 1 string, password 2 bytes, roles 3 string[], options 4 UserAddOptions',
  Permission: 'permType 1 enum, key 2 key, rangeEnd 3 key',
  Role: 'name 1 string, keyPermission 2 Permission[]',
  // Ours: everything about users and roles, as it is kept with the store.
  AuthState: 'enabled 1 bool, revision 2 uid, users 3 User[], roles 4 Role[]',
  AuthEnableRequest: '',
  AuthEnableResponse: 'header 1 Header',
  AuthDisableRequest: '',
  AuthDisableResponse: 'header 1 Header',
  AuthenticateRequest: 'name 1 string, password 2 string',
  AuthenticateResponse: 'header 1 Header, token 2 string',
  AuthUserAddRequest: 'name 1 string, password 2 string, options 3 UserAddOptions, hashedPassword 4 string',
  AuthUserAddResponse: 'header 1 Header',
  AuthUserGetRequest: 'name 1 string',
  AuthUserGetResponse: 'header 1 Header, roles 2 string[]',
  AuthUserListRequest: '',
  AuthUserListResponse: 'header 1 Header, users 2 string[]',
  AuthUserDeleteRequest: 'name 1 string',
  AuthUserDeleteResponse: 'header 1 Header',
  AuthUserChangePasswordRequest: 'name 1 string, password 2 string, hashedPassword 3 string',
  AuthUserChangePasswordResponse: 'header 1 Header',
  AuthUserGrantRoleRequest: 'user 1 string, role 2 string',
  AuthUserGrantRoleResponse: 'header 1 Header',
  AuthUserRevokeRoleRequest: 'name 1 string, role 2 string',
  AuthUserRevokeRoleResponse: 'header 1 Header',
  AuthRoleAddRequest: 'name 1 string',
  AuthRoleAddResponse: 'header 1 Header',
  AuthRoleGetRequest: 'role 1 string',
  AuthRoleGetResponse: 'header 1 Header, perm 2 Permission[]',
  AuthRoleListRequest: '',
  AuthRoleListResponse: 'header 1 Header, roles 2 string[]',
  AuthRoleDeleteRequest: 'role 1 string',
  AuthRoleDeleteResponse: 'header 1 Header',
  AuthRoleGrantPermissionRequest: 'name 1 string, perm 2 Permission',
  AuthRoleGrantPermissionResponse: 'header 1 Header',
  AuthRoleRevokePermissionRequest: 'role 1 string, key 2 key, rangeEnd 3 key',
  AuthRoleRevokePermissionResponse: 'header 1 Header',
  AuthStatusRequest: '',
  AuthStatusResponse: 'header 1 Header, enabled 2 bool, authRevision 3 uid',

  LockRequest: 'name 1 key, lease 2 id',
  LockResponse: 'header 1 Header, key 2 key',
  UnlockRequest: 'key 1 key',
  UnlockResponse: 'header 1 Header',
  LeaderKey: 'name 1 key, key 2 key, rev 3 int, lease 4 id',
  CampaignRequest: 'name 1 key, lease 2 id, value 3 bytes',
  CampaignResponse: 'header 1 Header, leader 2 LeaderKey',
  LeaderRequest: 'name 1 key',
  LeaderResponse: 'header 1 Header, kv 2 KeyValue',
  ProclaimRequest: 'leader 1 LeaderKey, value 2 bytes',
  ProclaimResponse: 'header 1 Header',
  ResignRequest: 'leader 1 LeaderKey',
  ResignResponse: 'header 1 Header',

  // What etcd keeps in its database beside the keys.
  Lease: 'id 1 id, ttl 2 int, remainingTtl 3 int',

  HealthCheckRequest: 'service 1 string',
  HealthCheckResponse: 'status 1 enum',

  ServerReflectionRequest:
    'host 1 string, fileByFilename 3 string, fileContainingSymbol 4 string, fileContainingExtension 5 ExtensionRequest, allExtensionNumbersOfType 6 string, listServices 7 string',
  ExtensionRequest: 'containingType 1 string, extensionNumber 2 int',
  ServerReflectionResponse:
    'validHost 1 string, originalRequest 2 ServerReflectionRequest, fileDescriptorResponse 4 FileDescriptorResponse, allExtensionNumbersResponse 5 ExtensionNumberResponse, listServicesResponse 6 ListServiceResponse, errorResponse 7 ErrorResponse',
  FileDescriptorResponse: 'fileDescriptorProto 1 bytes[]',
  ExtensionNumberResponse: 'baseTypeName 1 string, extensionNumber 2 int[]',
  ListServiceResponse: 'service 1 ServiceResponse[]',
  ServiceResponse: 'name 1 string',
  ErrorResponse: 'errorCode 1 int, errorMessage 2 string',
  FileDescriptorProto:
    'name 1 string, package 2 string, dependency 3 string[], messageType 4 DescriptorProto[], enumType 5 EnumDescriptorProto[], service 6 ServiceDescriptorProto[], syntax 12 string',
  // Fields and enum values are bytes of their messages: in these, an oneof_index or a number of 0 has to be written.
  DescriptorProto: 'name 1 string, field 2 bytes[], enumType 4 EnumDescriptorProto[], oneofDecl 8 OneofDescriptorProto[]',
  FieldDescriptorProto: 'name 1 string, number 3 int, label 4 enum, type 5 enum, typeName 6 string',
  OneofDescriptorProto: 'name 1 string',
  EnumDescriptorProto: 'name 1 string, value 2 bytes[]',
  EnumValueDescriptorProto: 'name 1 string',
  ServiceDescriptorProto: 'name 1 string, method 2 MethodDescriptorProto[]',
  MethodDescriptorProto: 'name 1 string, inputType 2 string, outputType 3 string, clientStreaming 5 bool, serverStreaming 6 bool',
} as const);
