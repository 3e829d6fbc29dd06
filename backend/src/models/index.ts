import type mongoose from 'mongoose';
import { createAliasModel } from './aliasModel.js';
import { createArchiveModel } from './archiveModel.js';
import { createChangedMessages } from './changedMessages.js';
import { createChangeModel } from './changeModel.js';
import { createBlockModel } from './blockModel.js';
import { createConversationModel } from './conversationModel.js';
import { createDatabaseFacts } from './databaseFacts.js';
import { createHideModel } from './hideModel.js';
import { createMemberModel } from './memberModel.js';
import { createMessageModel, type MessageModelOptions } from './messageModel.js';
import { createMetaModel } from './metaModel.js';
import { createMovedModel } from './movedModel.js';
import { createOwnStateModel } from './ownStateModel.js';
import { createProcessModel } from './processModel.js';
import { createReactionModel } from './reactionModel.js';
import { createReceiptModel } from './receiptModel.js';
import { createReportModel } from './reportModel.js';
import { createSearchModel } from './searchModel.js';
import { createUserModel } from './userModel.js';
import { createVerificationModel } from './verificationModel.js';

/** Every model of one database connection: the only place where filters are written. */
export function createModels(connection: mongoose.Connection, options?: MessageModelOptions) {
  const archive = createArchiveModel(connection);
  return {
    aliases: createAliasModel(connection),
    archive,
    changedMessages: createChangedMessages(connection, archive),
    changes: createChangeModel(connection),
    blocks: createBlockModel(connection),
    conversations: createConversationModel(connection),
    facts: createDatabaseFacts(connection),
    hides: createHideModel(connection),
    members: createMemberModel(connection),
    messages: createMessageModel(connection, archive, options),
    meta: createMetaModel(connection),
    moved: createMovedModel(connection),
    ownStates: createOwnStateModel(connection),
    processes: createProcessModel(connection),
    reactions: createReactionModel(connection),
    receipts: createReceiptModel(connection),
    reports: createReportModel(connection),
    search: createSearchModel(connection, archive),
    users: createUserModel(connection),
    verification: createVerificationModel(connection),
  };
}

export type Models = ReturnType<typeof createModels>;
