import type mongoose from 'mongoose';
import { createConversationModel } from './conversationModel.js';
import { createDatabaseFacts } from './databaseFacts.js';
import { createMemberModel } from './memberModel.js';
import { createMessageModel, type MessageModelOptions } from './messageModel.js';
import { createMetaModel } from './metaModel.js';
import { createOwnStateModel } from './ownStateModel.js';
import { createProcessModel } from './processModel.js';
import { createUserModel } from './userModel.js';

/** Every model of one database connection: the only place where filters are written. */
export function createModels(connection: mongoose.Connection, options?: MessageModelOptions) {
  return {
    conversations: createConversationModel(connection),
    facts: createDatabaseFacts(connection),
    members: createMemberModel(connection),
    messages: createMessageModel(connection, options),
    meta: createMetaModel(connection),
    ownStates: createOwnStateModel(connection),
    processes: createProcessModel(connection),
    users: createUserModel(connection),
  };
}

export type Models = ReturnType<typeof createModels>;
