export * from './answers.js';
export { type AuditEntryView } from './audit.js';
export * from './buckets.js';
export * from './closeCodes.js';
export * from './content.js';
export * from './commandEndpoints.js';
export { emojiForms, emojiKey, toEmoji } from './emoji.js';
export * from './endpoints.js';
export * from './errors.js';
export * from './events.js';
export * from './inputs.js';
export * from './limits.js';
export * from './outputs.js';
export * from './primitives.js';
export * from './safetyTable.js';
export * from './streams.js';
export * from './priorities.js';
export * from './redirects.js';
export * from './restrictionTable.js';
export * from './server/endpoints.js';
export { type UpsertUsersInput } from './server/inputs.js';
export { type AccountView, serverConversationView } from './server/outputs.js';
export { scope, SCOPES, type Scope } from './server/row.js';
export { isBlank, textLength } from './text.js';
export * from './views.js';
export * from './webhooks.js';
export {
  audience,
  privacyView,
  REPORT_DECISIONS,
  REPORT_REASONS,
  reportView,
  type PrivacyView,
  type ReportDecision,
  type ReportView,
} from './commands/safety.js';
export {
  notificationsView,
  PUSH_CONTENTS,
  PUSH_PROVIDERS,
  pushContent,
  pushProvider,
  type DeviceInput,
  type NotificationsView,
  type PushContent,
  type PushProviderName,
} from './commands/push.js';
export { type CreateGroupInput, type ListedMember, type UpdateConversationInput } from './commands/groups.js';
export {
  ATTACHMENT_STATUSES,
  createAttachmentInput,
  REJECTION_REASONS,
  uploadedAttachmentView,
  uploadView,
  type CreateAttachmentInput,
  type RejectionReason,
  type UploadedAttachmentView,
  type UploadView,
} from './commands/attachments.js';
