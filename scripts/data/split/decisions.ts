import { readFile } from 'node:fs/promises';
import mongoose from 'mongoose';
import { z } from 'zod';
import type { Stored } from '../frame/stored.js';
import type { TaskContext } from '../frame/taskContext.js';
import { CannotRun } from '../frame/taskErrors.js';
import { isMixed, isSealed, peopleOf } from './mixed.js';

type ObjectId = mongoose.Types.ObjectId;
const { ObjectId } = mongoose.Types;

const id = z.string().regex(/^[0-9a-f]{24}$/, 'must be an id of 24 hex digits');
const decisionsFile = z.record(
  id,
  z.union(
    [
      z.string(),
      z.strictObject({ hub: z.string().optional(), messages: z.record(id, z.string()).default({}) }),
    ],
    {
      error: 'must be a user, or {"hub": user, "messages": {message: user}} of a chat',
    },
  ),
);

/** Decisions of an operator about messages and chats, keyed by their ids in hex. */
export interface Decisions {
  /** Message → addressee. */
  recipients: ReadonlyMap<string, string>;
  /** Chat → its hub. */
  hubs: ReadonlyMap<string, string>;
  /** Message → the chat under which the file lists it. */
  sections: ReadonlyMap<string, string>;
}

export const NO_DECISIONS: Decisions = { recipients: new Map(), hubs: new Map(), sections: new Map() };

/** Reads the decisions file. @throws CannotRun. */
export async function readDecisions(path: string): Promise<Decisions> {
  let parsed: z.infer<typeof decisionsFile>;
  try {
    parsed = decisionsFile.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : [];
    const reason =
      issue === undefined ? String(error) : `${issue.path.map(String).join('.')}: ${issue.message}`;
    throw new CannotRun(`The decisions in ${path} cannot be read: ${reason}. Nothing was changed.`);
  }
  const recipients = new Map<string, string>();
  const hubs = new Map<string, string>();
  const sections = new Map<string, string>();
  for (const [key, value] of Object.entries(parsed)) {
    if (typeof value === 'string') recipients.set(key, value);
    else {
      if (value.hub !== undefined) hubs.set(key, value.hub);
      for (const [message, user] of Object.entries(value.messages)) {
        recipients.set(message, user);
        sections.set(message, key);
      }
    }
  }
  return { recipients, hubs, sections };
}

/** Users, chats and messages that an operator names on the command line and in the decisions file. */
export interface Named {
  hubs: ReadonlySet<string>;
  /** Chats to split; empty for all. */
  only: ReadonlySet<string>;
  decisions: Decisions;
}

const refuse = (sentence: string): never => {
  throw new CannotRun(`${sentence}. Nothing was changed.`);
};

/**
 * Checks that everything named exists, or was split by an earlier run of the same command. A name without effect is
 * treated as a mistake.
 *
 * @throws CannotRun.
 */
export async function requireNamed(context: TaskContext, { hubs, only, decisions }: Named): Promise<void> {
  const chats = new Map<string, Stored>();
  for (const chat of new Set([...only, ...decisions.hubs.keys(), ...decisions.sections.values()])) {
    chats.set(chat, (await findChat(context, chat)) ?? refuse(`${chat} is not a mixed chat`));
  }
  for (const [chat, hub] of decisions.hubs) {
    const document = chats.get(chat) ?? {};
    if (!peopleOf(document).includes(hub))
      refuse(`${hub} is not in conversation ${chat}, and cannot be its hub`);
  }
  const chosen = [...only].map((chat): Stored => chats.get(chat) ?? {});
  for (const hub of hubs) {
    const isKnown =
      only.size > 0 ? chosen.some((chat) => peopleOf(chat).includes(hub)) : await isInMixed(context, hub);
    if (!isKnown) refuse(`--hub: ${hub} is in no mixed chat${only.size > 0 ? ' of --only' : ''}`);
  }
  await requireRecipients(context, decisions);
}

/** Returns a chat that is mixed, or was mixed before it was split. */
async function findChat(context: TaskContext, chat: string): Promise<Stored | undefined> {
  if (!ObjectId.isValid(chat)) return undefined;
  const found = await context.collection('conversations').findOne({ _id: new ObjectId(chat) });
  return found !== null && isOrWasMixed(found) ? found : undefined;
}

const isOrWasMixed = (document: Stored): boolean =>
  isMixed(document) || isSealed({ _id: document['_id'] as ObjectId, document });

async function isInMixed(context: TaskContext, userId: string): Promise<boolean> {
  const found = context.collection('conversations').find<Stored>({ participants: userId });
  for await (const document of found) {
    if (isOrWasMixed(document)) return true;
  }
  return false;
}

async function requireRecipients(context: TaskContext, { recipients, sections }: Decisions): Promise<void> {
  for (const [message, recipient] of recipients) {
    const _id = new ObjectId(message);
    const found = await context
      .collection('messages')
      .findOne({ _id }, { projection: { conversationId: 1, senderId: 1, seq: 1, moved: 1 } });
    // The message was moved by a later merge, which left a stub or only a row in `moved`.
    const isMerged = found?.['moved'] === true || (found === null && (await wasMoved(context, _id)));
    if (isMerged) continue;
    if (found === null) refuse(`The decisions name a message that does not exist: ${message}`);
    else await requireRecipient(context, { message: found, recipient, section: sections.get(message) });
  }
}

const wasMoved = async (context: TaskContext, _id: ObjectId): Promise<boolean> =>
  (await context.collection('moved').findOne({ _id }, { projection: { _id: 1 } })) !== null;

async function requireRecipient(
  context: TaskContext,
  { message, recipient, section }: { message: Stored; recipient: string; section: string | undefined },
): Promise<void> {
  const conversations = context.collection('conversations');
  const name = String(message['_id']);
  const conversation = await conversations.findOne({ _id: message['conversationId'] as ObjectId });
  const splitFrom = conversation?.['splitFrom'] as ObjectId | undefined;
  const chat = splitFrom === undefined ? conversation : await conversations.findOne({ _id: splitFrom });
  if (chat === null || !isOrWasMixed(chat))
    refuse(`The decisions name message ${name}, which is in no mixed chat`);
  const document: Stored = chat ?? {};
  if (section !== undefined && String(document['_id']) !== section) {
    refuse(
      `The decisions name message ${name} under ${section}, but it belongs to ${String(document['_id'])}`,
    );
  }
  if (recipient === message['senderId'] || !peopleOf(document).includes(recipient)) {
    refuse(
      `The decisions say that message ${name} was for ${recipient}, who is not among the others in its chat`,
    );
  }
  const members = await plannedMembers(context, { document, message });
  if (members !== undefined && !members.includes(recipient)) {
    refuse(
      `The decisions say that message ${name} was for ${recipient}, but an earlier run has split its chat otherwise: undo that first (npm run data -- undo)`,
    );
  }
}

/** Members of the conversation that the stored plan assigns a message to; undefined without a plan. */
async function plannedMembers(
  context: TaskContext,
  { document, message }: { document: Stored; message: Stored },
): Promise<string[] | undefined> {
  const targets = document['splitTargets'] as { _id: ObjectId; members: string[] }[] | undefined;
  if (targets === undefined) return undefined;
  const conversationId = document['_id'] as ObjectId;
  const isThere = conversationId.equals(message['conversationId'] as ObjectId);
  const row = isThere
    ? await context.collection('moved').findOne({ conversationId, seq: Number(message['seq']) })
    : { into: message['conversationId'] as ObjectId };
  return targets.find(({ _id }) => _id.equals(row?.into as ObjectId | undefined))?.members;
}
