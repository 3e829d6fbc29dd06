import type mongoose from 'mongoose';
import { createAliasModel } from './aliasModel.js';
import { createApiKeyModel } from './apiKeyModel.js';
import { createAttachmentModel } from './attachmentModel.js';
import { createArchiveModel } from './archiveModel.js';
import { createAuditModel } from './auditModel.js';
import { createChangeMarks } from './changeMarks.js';
import { createChangedMessages } from './changedMessages.js';
import { createChangeModel } from './changeModel.js';
import { createBlockModel } from './blockModel.js';
import { createConversationModel } from './conversationModel.js';
import { createDatabaseFacts } from './databaseFacts.js';
import { createDeviceModel } from './deviceModel.js';
import { createHideModel } from './hideModel.js';
import { createIdempotencyModel } from './idempotencyModel.js';
import { createMemberPages } from './memberPages.js';
import { createMemberModel } from './memberModel.js';
import { createMessageFeed } from './messageFeed.js';
import { createMessageModel, type MessageModelOptions } from './messageModel.js';
import { createMetaModel } from './metaModel.js';
import { createMovedModel } from './movedModel.js';
import { createMemberSettingsModel } from './memberSettingsModel.js';
import { createPushCursorModel } from './pushCursorModel.js';
import { createPushedModel } from './pushedModel.js';
import { createPushJobModel } from './pushJobModel.js';
import { createProcessModel } from './processModel.js';
import { limitReads } from './readLimits.js';
import { createReactionModel } from './reactionModel.js';
import { createReceiptModel } from './receiptModel.js';
import { createReportModel } from './reportModel.js';
import { createSearchModel } from './searchModel.js';
import { createTicketModel } from './ticketModel.js';
import { createUnreadExceptions } from './unreadExceptions.js';
import { createUploadQuotaModel } from './uploadQuotaModel.js';
import { createUserModel } from './userModel.js';
import { createFollowedLogs } from './followedLogs.js';
import { createVerificationModel } from './verificationModel.js';
import { createWebhookModel } from './webhookModel.js';
import { createWebhookRetryModel } from './webhookRetryModel.js';

/** Creates the models of one database connection. Filters are written only in models. */
export function createModels(connection: mongoose.Connection, options?: MessageModelOptions) {
  connection.plugin(limitReads);
  const archive = createArchiveModel(connection);
  const marks = createChangeMarks(connection);
  return {
    aliases: createAliasModel(connection),
    apiKeys: createApiKeyModel(connection, marks),
    archive,
    attachments: createAttachmentModel(connection),
    audit: createAuditModel(connection),
    changedMessages: createChangedMessages(connection, archive),
    changes: createChangeModel(connection),
    blocks: createBlockModel(connection, marks),
    conversations: createConversationModel(connection),
    devices: createDeviceModel(connection),
    facts: createDatabaseFacts(connection),
    hides: createHideModel(connection),
    idempotency: createIdempotencyModel(connection),
    memberPages: createMemberPages(connection),
    members: createMemberModel(connection),
    messageFeed: createMessageFeed(connection),
    messages: createMessageModel(connection, archive, options),
    meta: createMetaModel(connection),
    moved: createMovedModel(connection),
    memberSettings: createMemberSettingsModel(connection),
    processes: createProcessModel(connection, marks),
    pushCursor: createPushCursorModel(connection),
    pushed: createPushedModel(connection),
    pushJobs: createPushJobModel(connection),
    reactions: createReactionModel(connection),
    receipts: createReceiptModel(connection),
    reports: createReportModel(connection),
    search: createSearchModel(connection, archive),
    tickets: createTicketModel(connection),
    uploadQuotas: createUploadQuotaModel(connection),
    unreadExceptions: createUnreadExceptions(connection),
    users: createUserModel(connection, marks),
    verification: createVerificationModel(connection),
    followedLogs: createFollowedLogs(connection),
    webhooks: createWebhookModel(connection, marks),
    webhookRetries: createWebhookRetryModel(connection),
  };
}

export type Models = ReturnType<typeof createModels>;
