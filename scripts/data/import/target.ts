import { createHash } from 'node:crypto';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { emptyConversation } from '../../../backend/src/models/emptyConversation.js';
import type { Models } from '../../../backend/src/models/index.js';
import { retryRaces } from '../../../backend/src/models/insertMany.js';
import { conversationIdOf, newConversationId, objectId } from '../../../backend/src/models/objectIds.js';
import { isPair } from '../../../backend/src/services/membership/validConversation.js';
import { participantsKey, sortPair } from '../../../backend/src/utils/participantsKey.js';
import type { Stored } from '../frame/stored.js';
import type { TaskContext } from '../frame/taskContext.js';
import type { StagedConversation } from './staging.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

/** A conversation of this server that one or several old ones become. */
export interface Target {
  type: 'direct' | 'group' | 'split';
  /** Existing conversation; undefined when it has to be created. */
  conversationId: ConversationId | undefined;
  people: UserId[];
  chats: StagedConversation[];
  /** `clashKey`s of ids that other chats use for different messages. */
  clashing?: ReadonlySet<string>;
}

const MAX_HOPS = 10;

/** Returns the same id for the same old conversation in every import. */
const derivedId = (source: string, chat: string): ConversationId =>
  createHash('sha256')
    .update(`parley-import\u0000${source}\u0000${chat}`)
    .digest('hex')
    .slice(0, 24) as ConversationId;

/** Finds the target. @returns the end of a sentence when the old conversations cannot be imported. */
export async function findTarget(
  models: Models,
  source: string,
  chats: StagedConversation[],
): Promise<Target | string> {
  const [first] = chats;
  if (first === undefined) return 'is nothing';
  const people = [...new Set(chats.flatMap((chat) => chat.people))] as UserId[];
  const { type } = first;
  const target = { type, people, chats };
  if (type !== 'direct') {
    const id = derivedId(source, first.chat);
    const found = await models.conversations.findById(id);
    return { ...target, conversationId: found?._id };
  }
  const [a, b] = people;
  const key = participantsKey(a ?? '', b ?? '');
  let found = await models.conversations.findByKey(key);
  if (found !== undefined && !isPair(found, key))
    return 'conflicts with a conversation that wrongly holds the key of this pair (npm run data -- harden repairs it)';
  for (let hop = 0; found?.mergedInto !== undefined && hop < MAX_HOPS; hop += 1) {
    found = await models.conversations.findById(found.mergedInto);
  }
  return { ...target, conversationId: found?._id };
}

/**
 * Returns the id that a new conversation will get. For a pair, the upsert decides, because another writer may create
 * it.
 */
export const plannedId = (source: string, { type, chats }: Target): ConversationId =>
  type === 'direct' ? newConversationId() : derivedId(source, chats[0]?.chat ?? '');

/** Creates the conversation unless it exists. Groups start without members; their log names them. */
export async function makeConversation(
  context: TaskContext,
  { target, id, since, now }: { target: Target; id: ConversationId; since: Date; now: Date },
): Promise<ConversationId> {
  const { type, people, chats } = target;
  const [a, b] = people;
  const isPairOfTwo = type === 'direct' && a !== undefined && b !== undefined;
  const participants = isPairOfTwo ? sortPair(a, b) : type === 'split' ? people.toSorted() : [];
  const createdBy = chats[0]?.createdBy;
  const key = isPairOfTwo ? participantsKey(a, b) : undefined;
  const fields: Stored = {
    type: type === 'group' ? 'group' : 'direct',
    ...(key !== undefined && { participantsKey: key }),
    participants,
    ...(type === 'group' && { creationHash: 'import' }),
    createdBy: people.find((one) => one === createdBy) ?? people[0],
    memberCount: participants.length,
    ...emptyConversation(participants.length, since),
    changedAt: now,
  };
  const filter = key === undefined ? { _id: objectId(id) } : { participantsKey: { $eq: key, $exists: true } };
  const onInsert = key === undefined ? fields : { _id: objectId(id), ...fields };
  let made: ConversationId | undefined;
  await retryRaces(async () => {
    const found = await context
      .collection('conversations')
      .findOneAndUpdate(
        filter,
        { $setOnInsert: onInsert },
        { upsert: true, returnDocument: 'after', writeConcern: COMMITTED },
      );
    if (found !== null) made = conversationIdOf(found._id);
  });
  if (made === undefined) throw new Error('an upsert returned no document');
  return made;
}
