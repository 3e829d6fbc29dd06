import type { AttachmentId, ConversationId, MessageId, UserId } from '../../../contract/index.js';
import { newAttachmentId } from '../../../backend/src/models/attachmentModel.js';
import { RANK_LEFT, RANKS } from '../../../backend/src/models/memberDocument.js';
import type { Models } from '../../../backend/src/models/index.js';
import { newConversationId, newMessageId } from '../../../backend/src/models/objectIds.js';
import { participantsKey } from '../../../backend/src/utils/participantsKey.js';

export const ALICE = 'alice' as UserId;
export const CONVERSATIONS = 300;
export const MESSAGES = 2_000;
export const NEVER = { changedAt: new Date(0), _id: '0'.repeat(24), conversationId: '0'.repeat(24) };

/** Ids of documents that `seed` has created. */
export interface Seeded {
  models: Models;
  ids: readonly ConversationId[];
  messageIds: readonly MessageId[];
  chat: ConversationId;
  aMessage: MessageId;
  /** A file that one message has. */
  aFile: AttachmentId;
}

/** Stores enough documents that a plan without an index would be a scan. */
export async function seed(models: Models): Promise<Seeded> {
  const now = new Date();
  const [chat, aMessage, aFile] = [newConversationId(), newMessageId(), newAttachmentId()];
  const files = [aFile, ...Array.from({ length: 500 }, newAttachmentId)];
  const ids = [chat, ...Array.from({ length: CONVERSATIONS - 1 }, newConversationId)];
  await models.conversations.model.insertMany(
    ids.map((_id, index) => ({
      ...{ _id, type: 'direct', participantsKey: participantsKey(ALICE, `u${index}`) },
      ...{
        participants: [ALICE, `u${index}`],
        createdBy: ALICE,
        lastSeq: 1,
        lastMessageAt: now,
        changedAt: now,
      },
      maybeUnread: index % 2 === 0 ? [ALICE] : [],
    })),
  );
  await models.members.model.insertMany(
    ids.map((conversationId, index) => ({
      ...{ conversationId, userId: ALICE, lastReadSeq: 1, lastDeliveredSeq: 1, changedAt: now },
      ...{ role: 'member', rank: index % 10 === 0 ? RANK_LEFT : RANKS.member, joinedSeq: 0 },
      ...(index % 10 === 1 && { apart: true }),
    })),
  );
  await models.users.model.insertMany(
    Array.from({ length: CONVERSATIONS }, (_, index) => ({
      _id: `u${index}`,
      profileChangedAt: now,
      createdAt: now,
    })),
  );
  const messageIds = [aMessage, ...Array.from({ length: MESSAGES - 1 }, newMessageId)];
  await models.messages.insert(
    messageIds.map((_id, index) => ({
      ...{
        _id,
        conversationId: chat,
        seq: index + 1,
        n: index + 1,
        control: 0,
        senderId: ALICE,
        kind: 'text' as const,
      },
      ...{ clientMessageId: `m${index}`, payloadHash: 'h', content: 'text', createdAt: now },
      ...(index % 50 === 0 && { controlSeq: index + 1 }),
      ...(index < files.length && { attachments: [toFile(files[index] ?? aFile)] }),
    })),
    { ordered: true },
  );
  await seedBesides(models, chat);
  await seedPush(models, ids);
  await models.aliases.insertMissing(
    ids.map((conversationId, index) => ({ alias: `old${index}`, conversationId, source: 'test' })),
    now,
  );
  await seedFiles(models, files);
  return { models, ids, messageIds, chat, aMessage, aFile };
}

const toFile = (attachmentId: AttachmentId) => ({
  ...{ attachmentId, kind: 'file' as const, name: 'a.txt', mimeType: 'text/plain', sizeBytes: 1 },
});

/** Stores uploads, and archived messages with files. */
async function seedFiles(models: Models, files: readonly AttachmentId[]): Promise<void> {
  const conversationId = newConversationId();
  await models.archive.model.insertMany(
    files.map((file, index) => ({
      ...{ _id: newMessageId(), conversationId, seq: index + 1, content: '', archivedAt: new Date() },
      attachments: [toFile(file)],
    })),
  );
  await models.attachments.model.insertMany(
    files.map((_id, index) => ({
      ...{ _id, uploaderId: index % 100 === 0 ? ALICE : `u${index}`, clientAttachmentId: `c${index}` },
      ...{ kind: 'file', status: index % 20 === 0 ? 'deleting' : 'sent' },
      ...{ createdAt: new Date(0), changedAt: new Date(0) },
    })),
  );
}

/** Stores receipts, reactions, changes, blocks and other related documents. */
async function seedBesides(models: Models, chat: ConversationId): Promise<void> {
  const now = new Date();
  const users = Array.from({ length: CONVERSATIONS }, (_, index) => `u${index}`);
  await models.changes.model.insertMany(
    Array.from({ length: MESSAGES }, (_, index) => ({
      ...{ conversationId: chat, rev: index + 1, seq: 1 + (index % 500), by: ALICE, at: now },
      ...(index % 10 === 0
        ? { kind: 'edit', what: { content: 'text' } }
        : { kind: 'pin', what: { on: true } }),
    })),
  );
  await models.receipts.insert(
    Array.from({ length: MESSAGES }, (_, index) => {
      const [place, toSeq] = [{ conversationId: chat, at: now, kind: 'read' as const }, index + 1];
      return { ...place, userId: ALICE, fromSeq: toSeq - (index % 3), toSeq };
    }).filter(({ fromSeq }) => fromSeq > 0),
  );
  await models.reactions.model.insertMany(
    users.map((userId) => ({
      ...{ conversationId: chat, seq: 3, userId, state: { rev: 1, emojis: ['👍'] } },
    })),
  );
  await models.hides.model.insertMany(
    users.map((userId, index) => ({ userId, conversationId: chat, seq: 1 + index, at: now })),
  );
  await models.blocks.model.insertMany(
    users.map((userId) => ({ blockerId: ALICE, blockedId: userId, at: now, changedAt: now })),
  );
  await models.reports.model.insertMany(
    users.map((userId) => ({
      ...{ reporterId: ALICE, userId, reason: 'spam', status: 'open', createdAt: now },
      openKey: `alice ${userId}`,
    })),
  );
  await models.apiKeys.model.insertMany(
    users.map((_id) => ({ _id, name: _id, scopes: ['users'], hash: 'h', createdAt: now, changedAt: now })),
  );
  const actor = { kind: 'key' as const, id: 'k' };
  await models.audit.append(
    users.map(() => ({ _id: models.audit.newId(), at: now, actor, action: 'banUser', targets: {} })),
  );
  await models.moved.model.insertMany(
    Array.from({ length: MESSAGES }, (_, index) => ({
      ...{ conversationId: chat, into: newConversationId(), newId: newMessageId(), was: {} },
      ...{ seq: index + 1, toSeq: index + 2, rev: index + 1, toRev: index + 2 },
    })),
  );
}

/** Stores devices, and push notifications that were sent or wait. */
async function seedPush(models: Models, ids: readonly ConversationId[]): Promise<void> {
  const now = new Date();
  await models.devices.model.insertMany(
    Array.from({ length: CONVERSATIONS }, (_, index) => ({
      ...{ _id: `d${index}`, provider: 'fcm', token: `t${index}`, platform: 'android' },
      ...{ userId: `u${index}`, tokenIssuedAt: now, registeredAt: now },
    })),
  );
  await models.pushed.model.insertMany(
    ids.map((id) => ({ _id: `${id}:${ALICE}`, seq: 1, sentSeq: 1, at: now })),
  );
  await models.pushJobs.model.insertMany(
    ids.map((conversationId, index) => ({
      ...{
        _id: `retry:${conversationId}:d${index}`,
        kind: 'retry',
        conversationId,
        messageId: newMessageId(),
        seq: 1,
      },
      ...{ userId: `u${index}`, deviceId: `d${index}`, attempts: 1 },
      ...{ dueAt: new Date(now.getTime() + index * 60_000), expiresAt: now },
    })),
  );
}
