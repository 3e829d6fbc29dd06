export type { AttachmentsApi } from './api/attachments.js';
export type { ParleyClient } from './api/client.js';
export type { ConversationHandle, MessageContent } from './api/conversation.js';
export type { ConversationsApi } from './api/conversations.js';
export { ParleyError, type ClientErrorCode } from './api/error.js';
export type { ParleyEvents, Violation } from './api/events.js';
export type {
  ParleyClientOptions,
  ParleyLifecycle,
  ParleyLogger,
  TabCoordination,
  TokenReason,
  UploadSupport,
} from './api/options.js';
export type { OutboxApi, SentHandle } from './api/outbox.js';
export type {
  ConnectionState,
  ConversationFilter,
  ConversationListSnapshot,
  MessagesSnapshot,
  OutboxSnapshot,
} from './api/snapshots.js';
export type {
  FileUpload,
  FileUploadStatus,
  UploadBody,
  UploadFile,
  UploadHandle,
  UploadOptions,
  UploadsApi,
  UploadSource,
  UriFile,
} from './api/uploads.js';
export type { SafetyApi, UsersApi } from './api/users.js';
export { createParleyClient } from './client/createParleyClient.js';
export type { ReadableStore } from './observable/readableStore.js';
export { isNotice, SYSTEM_USER_ID } from './state/entries.js';
export type { SeqRange } from './state/log.js';
export type {
  CarriedContent,
  ClientState,
  Conversation,
  ConversationRecord,
  LogEntry,
  Member,
  MemberPosition,
  Message,
  OpenConversation,
  PendingMessage,
  Presence,
  UnreadBase,
} from './state/types.js';
export { memoryStorage } from './storage/memory.js';
export type {
  ParleyStorage,
  StorageArea,
  StorageCollection,
  StorageEntry,
  StorageFiles,
  StorageWrite,
  StoredFile,
} from './storage/storage.js';
export * from './wire/index.js';
