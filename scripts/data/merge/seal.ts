import { v4 as uuid } from 'uuid';
import mongoose from 'mongoose';
import type { TaskContext } from '../frame/taskContext.js';
import { createModels } from '../../../backend/src/models/index.js';
import type { ConversationRecord } from '../../../backend/src/models/conversationModel.js';
import { applyLedger } from '../../../backend/src/services/changes/applyLedger.js';
import { readLedger } from '../../../backend/src/services/changes/readLedger.js';
import { DatabaseTime } from '../../../backend/src/services/runtime/databaseTime.js';
import { WriteWatermark } from '../../../backend/src/services/runtime/writeWatermark.js';
import { MembershipStore } from '../../../backend/src/services/membership/membershipStore.js';
import { MembershipWriter } from '../../../backend/src/services/membership/membershipWriter.js';
import { wordsOf } from '../../../backend/src/utils/searchWords.js';
import { createLogger } from '../../../backend/src/utils/logger.js';
import type { AttachmentId, ConversationId } from '../../../contract/index.js';
import { isSeal } from './copyMessages.js';
import { SEAL_SALT } from './copyChanges.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import { isDuplicateKey } from '../../../backend/src/models/insertMany.js';
import {
  FROM_PRIMARY,
  findRevTail,
  findTail,
  newIdOf,
  type Collections,
  type Merge,
  type ObjectId,
} from './stored.js';

/** Returns the seal entry of a log, if it has one. */
export async function findSeal({ messages }: Collections, conversationId: ObjectId) {
  const controls = await messages
    .find({ conversationId, controlSeq: { $gt: 0 } }, FROM_PRIMARY)
    .sort({ controlSeq: -1 })
    .limit(1)
    .toArray();
  return controls.find(isSeal);
}

/**
 * Appends a seal entry to a log, which names the target. Like every entry it takes the next free `seq`. A server that
 * loses the race for that `seq` reads the seal and continues in the target. Then seals the change log in the same way;
 * writers of changes check the membership after they have read the tail.
 *
 * @returns the `seq` of the seal.
 */
export async function seal(
  collections: Collections,
  merge: Merge,
  conversationId: ObjectId,
): Promise<number> {
  const { messages, changes } = collections;
  for (;;) {
    const existing = await findSeal(collections, conversationId);
    if (existing !== undefined) {
      await sealChanges(changes, merge, { conversationId, seq: existing['seq'] as number });
      return existing['seq'] as number;
    }
    const tail = await findTail(messages, conversationId);
    const seq = tail.seq + 1;
    const entry = {
      _id: new mongoose.Types.ObjectId(),
      conversationId,
      seq,
      n: tail.n,
      control: seq,
      controlSeq: seq,
      senderId: merge.participants[0],
      clientMessageId: `sys:${uuid()}`,
      payloadHash: '',
      kind: 'system',
      content: '',
      action: { type: 'sealed', into: merge._id.toHexString() },
      silent: true,
      createdAt: new Date(),
    };
    try {
      await messages.insertOne(entry, { writeConcern: COMMITTED });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }
}

async function sealChanges(
  changes: mongoose.mongo.Collection,
  merge: Merge,
  { conversationId, seq }: { conversationId: ObjectId; seq: number },
): Promise<void> {
  const _id = newIdOf(merge._id, conversationId, SEAL_SALT);
  while ((await changes.findOne({ _id }, FROM_PRIMARY)) === null) {
    const rev = (await findRevTail(changes, conversationId)) + 1;
    const entry = {
      _id,
      conversationId,
      rev,
      kind: 'pin',
      seq,
      by: merge.participants[0],
      at: new Date(),
      what: { on: false },
    };
    try {
      await changes.insertOne(entry, { writeConcern: COMMITTED });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }
}

/** Applies changes that their writer has logged but not applied to the messages. The writer may have been killed. */
export async function applyPending(context: TaskContext, conversationId: ObjectId): Promise<void> {
  const models = createModels(context.connection);
  const logger = createLogger({ level: 'silent', pretty: false });
  const watermark = new WriteWatermark(new DatabaseTime());
  const writer = new MembershipWriter({ ...models, watermark, logger });
  const memberships = new MembershipStore({ ...models, writer });
  const wanted = { conversationId: conversationId.toHexString() as ConversationId, inFlight: [] };
  // This run adds no change of a user, so the ledger is read without any user's restriction.
  const restrictions = { shadowOf: () => undefined };
  const summaries = { overlay: (record: ConversationRecord) => record };
  const opened = await readLedger({ ...models, memberships, restrictions, summaries, wordsOf }, wanted);
  await writer.drain();
  if (!opened.isBehind) return;
  const parts = {
    ...models,
    windows: { remove: () => Promise.resolve() },
    onErased: () => undefined,
    // The server removes the objects.
    markDeleting: (ids: readonly AttachmentId[]) => models.attachments.markDeleting(ids, new Date()),
  };
  await applyLedger(parts, opened.ledger);
}
