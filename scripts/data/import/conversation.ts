import type { ConversationId, UserId } from '../../../contract/index.js';
import { audienceOf } from '../../../backend/src/services/derived/summaries.js';
import type { MessageRecord } from '../../../backend/src/models/messageModel.js';
import { importedMessageId } from '../../../backend/src/utils/importIds.js';
import type { JournalWriter } from '../frame/journal.js';
import type { AppliedStep } from '../frame/sideBySide.js';
import type { Counts, Finding } from '../frame/task.js';
import { Stopped } from '../frame/taskErrors.js';
import { newEntry, toImportedEntry } from './undo.js';
import { pairAudience, type Importer } from './importer.js';
import { hashOf, ImportLog, keyOf, type ImportedMessage } from './log.js';
import { appendMembership, findKnown, findMissing, type MissingMembers } from './members.js';
import { moveReads, trackReads, type ReadTracker, type Reads } from './positions.js';
import { unreadable } from './unreadable.js';
import { clashKey, type StagedConversation, type StagedMessage } from './staging.js';
import { findTarget, makeConversation, plannedId, type Target } from './target.js';

/** Work to be done for one conversation. */
interface Plan {
  target: Target;
  /** Number of messages that are not stored yet, and how many of them are older than the last stored message. */
  missing: number;
  late: number;
  /** Missing messages that were deleted in the old system. Their texts are not imported. */
  deleted: number;
  changed: number;
  since: Date | undefined;
  senders: Set<UserId>;
  missingMembers: MissingMembers;
  /** Read positions; only when no message is missing. */
  tracker: ReadTracker | undefined;
  reads: Reads | undefined;
}

/** Yields one step that imports what is missing of one conversation. Several old conversations may become this one. */
export async function* importConversation(
  importer: Importer,
  chats: StagedConversation[],
): AsyncGenerator<AppliedStep | Finding> {
  const { models, mapping } = importer;
  const names = chats.map(({ chat }) => chat).join(', ');
  const target = await findTarget(models, mapping.source, chats);
  if (typeof target === 'string') {
    yield unreadable(`conversation ${names}`, target);
    return;
  }
  if (chats.length > 1) target.clashing = await importer.staging.clashing(chats.map(({ chat }) => chat));
  const plan = emptyPlan(target);
  const tail = target.conversationId && (await models.messages.findTail(target.conversationId, 0));
  const tracker = await trackReads(importer, target);
  plan.reads = tracker.reads;
  for (const lost of tracker.reads.lost) yield unreadable(`conversation ${names}`, lost);
  for await (const batch of importer.staging.messages(chats.map(({ chat }) => chat))) {
    if (importer.context.isStopping()) throw new Stopped();
    const { messages, refused } = await readBatch(importer, target, batch);
    yield* refused;
    await planBatch(importer, { plan, tracker, messages });
    importer.context.progress.advance(batch.length);
  }
  if (plan.changed > 0) {
    yield {
      problem: `conversation ${names}: ${plan.changed} messages have a different text in the old system now; the text that was imported first is kept`,
      details: { conversation: names, changed: plan.changed },
      counts: { changedSince: plan.changed },
    };
  }
  if (target.type === 'group') {
    plan.missingMembers = findMissing(target, await findKnown(importer, target.conversationId), plan.senders);
  }
  plan.tracker = plan.missing === 0 ? tracker : undefined;
  const step = await toStep(importer, plan, { names, endSeq: tail?.seq ?? 0 });
  if (step !== undefined) yield step;
  yield* await takenAliases(importer, target);
}

const emptyPlan = (target: Target): Plan => ({
  target,
  missing: 0,
  late: 0,
  deleted: 0,
  changed: 0,
  since: undefined,
  senders: new Set(),
  missingMembers: { joining: [], former: [] },
  tracker: undefined,
  reads: undefined,
});

/** Resolves the senders of staged messages. Direct chats refuse messages of users who are not in the pair. */
async function readBatch(
  importer: Importer,
  target: Target,
  batch: readonly StagedMessage[],
): Promise<{ messages: ImportedMessage[]; refused: Finding[] }> {
  const messages: ImportedMessage[] = [];
  const inherited = await findInherited(importer, target, batch);
  const refused: Finding[] = [];
  const inside = new Set<string>(target.people);
  for (const { chat, id, sender, at, text, attachment, deletedAt } of batch) {
    const senderId = await importer.people.find(sender);
    const where = `conversation ${chat}, message ${id}`;
    if (typeof senderId === 'object') refused.push(unreadable(where, senderId.problem));
    else if (target.type !== 'group' && !inside.has(senderId)) {
      refused.push(unreadable(where, 'was sent by a user who is not in the chat'));
    } else {
      messages.push({
        senderId,
        at,
        text,
        clientMessageId: inherited(chat, { id, sender, at }),
        ...(attachment !== undefined && { attachment: attachment as never }),
        ...(deletedAt !== undefined && { deletedAt }),
      });
    }
  }
  return { messages, refused };
}

/**
 * Returns a function that gives the `clientMessageId` of each message. When several chats become one, an id that they
 * use for different messages gets the chat as a prefix, unless an earlier import has stored the message without it.
 */
async function findInherited(
  { mapping: { source }, models, people }: Importer,
  { clashing, conversationId }: Target,
  batch: readonly StagedMessage[],
): Promise<(chat: string, message: Pick<StagedMessage, 'id' | 'sender' | 'at'>) => string> {
  const isClashing = ({ id, sender }: Pick<StagedMessage, 'id' | 'sender'>): boolean =>
    clashing?.has(clashKey(id, sender)) === true;
  const plain = new Set<string>();
  const keyed = batch.filter(isClashing);
  if (conversationId !== undefined && keyed.length > 0) {
    const senders = await Promise.all(keyed.map(({ sender }) => people.find(sender)));
    const wanted = keyed.flatMap(({ id }, index) => {
      const senderId = senders[index];
      const clientMessageId = importedMessageId(source, id);
      return typeof senderId === 'string' ? [{ clientMessageId, senderId }] : [];
    });
    for (const stored of await models.messages.findByClientIds(conversationId, wanted)) {
      plain.add(`${stored.clientMessageId} ${stored.createdAt.getTime()}`);
    }
  }
  return (chat, { id, sender, at }) => {
    const alone = importedMessageId(source, id);
    if (!isClashing({ id, sender }) || plain.has(`${alone} ${at.getTime()}`)) return alone;
    return importedMessageId(source, `${chat}\u0000${id}`);
  };
}

async function planBatch(
  { models }: Importer,
  { plan, tracker, messages }: { plan: Plan; tracker: ReadTracker; messages: readonly ImportedMessage[] },
): Promise<void> {
  const { conversationId } = plan.target;
  const stored =
    conversationId === undefined
      ? new Map<string, MessageRecord>()
      : await new ImportLog(models, conversationId).findStored(messages);
  for (const message of messages) {
    plan.since ??= message.at;
    plan.senders.add(message.senderId);
    const known = stored.get(keyOf(message));
    if (known === undefined) {
      plan.missing += 1;
      if (message.deletedAt !== undefined) plan.deleted += 1;
      if (tracker.endsAt !== undefined && message.at < tracker.endsAt) plan.late += 1;
    } else {
      tracker.note(message.at, known.seq);
      // Messages that were edited or deleted here since the import are not compared.
      const isOurs = known.editedAt === undefined && known.deletedAt === undefined;
      if (isOurs && known.payloadHash !== hashOf(message)) plan.changed += 1;
    }
  }
}

async function toStep(
  importer: Importer,
  plan: Plan,
  { names, endSeq }: { names: string; endSeq: number },
): Promise<AppliedStep | undefined> {
  const { target, missing, late, deleted, missingMembers, tracker } = plan;
  const { conversationId } = target;
  const record = conversationId && (await importer.models.conversations.findById(conversationId));
  const isBehind = record !== undefined && endSeq > record.lastSeq;
  const moves =
    tracker === undefined || conversationId === undefined ? [] : await tracker.moves(conversationId);
  const aliases = await missingAliases(importer, target);
  const people = missingMembers.joining.length + missingMembers.former.length;
  const isDone = conversationId !== undefined && missing + people + moves.length + aliases.length === 0;
  if (isDone && !isBehind) return undefined;
  const into = conversationId ?? `a new ${target.type === 'group' ? 'group' : 'chat'}`;
  const counts = {
    ...(conversationId === undefined && { conversations: 1 }),
    ...(missing > 0 && { messages: missing }),
    ...(late > 0 && { late }),
    ...(deleted > 0 && { deletedBefore: deleted }),
    ...(people > 0 && { members: people }),
    ...(moves.length > 0 && { positions: moves.length }),
    ...(aliases.length > 0 && { aliases: aliases.length }),
    ...(isBehind && { summaries: 1 }),
  };
  const what = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return {
    lines: [`conversation ${names} → ${into}: ${what.join(', ')}`],
    counts,
    apply: (journal) => write(importer, plan, journal),
  };
}

/** Returns old ids that are not aliases yet. A chat that is to be split gets none: its target would be ambiguous. */
async function missingAliases({ models }: Importer, { type, chats }: Target): Promise<string[]> {
  if (type === 'split') return [];
  const names = chats.map(({ chat }) => chat);
  const found = new Set((await models.aliases.findByAliases(names)).map(({ alias }) => alias));
  return names.filter((name) => !found.has(name));
}

async function takenAliases(
  { models }: Importer,
  { conversationId, type, chats }: Target,
): Promise<Finding[]> {
  if (type === 'split' || conversationId === undefined) return [];
  const found = await models.aliases.findByAliases(chats.map(({ chat }) => chat));
  const others = found.flatMap(({ alias, conversationId: other }) =>
    other === undefined || other === conversationId ? [] : [{ alias, other }],
  );
  const ids = others.map(({ other }) => other);
  const stored = await models.conversations.findByIds([...new Set(ids)]);
  // The server follows the redirect of a merged conversation.
  const sealed = new Set(stored.filter(({ mergedInto }) => mergedInto !== undefined).map(({ _id }) => _id));
  return others
    .filter(({ other }) => !sealed.has(other))
    .map(({ alias }) =>
      unreadable(`conversation ${alias}`, 'its id is already an alias of another conversation'),
    );
}

async function write(importer: Importer, plan: Plan, journal: JournalWriter): Promise<Counts | undefined> {
  const { models, mapping, context } = importer;
  const { target } = plan;
  await importer.prepare();
  const since = target.chats[0]?.createdAt ?? plan.since ?? new Date();
  const planned = target.conversationId ?? plannedId(mapping.source, target);
  // A pair without a chat gets a new id, so no document can exist under it.
  const isNew = target.conversationId === undefined && target.type === 'direct';
  const aliases = await missingAliases(importer, target);
  const entry = { id: planned, aliases };
  await journal.write([isNew ? newEntry(importer, entry) : await toImportedEntry(importer, entry)]);
  const options = { target, id: planned, since, now: new Date() };
  const id = target.conversationId ?? (await makeConversation(context, options));
  // The conversation was created concurrently. It is not ours, so the additions get a journal entry of their own.
  if (id !== planned) await journal.write([await toImportedEntry(importer, { id, aliases })]);
  // A killed run may have stored messages without their summary.
  if (target.conversationId !== undefined) await importer.summarise(id);
  const log = new ImportLog(models, id);
  if (target.type === 'group')
    await appendMembership(importer, log, { target, missingMembers: plan.missingMembers, at: since });
  await writeMessages(importer, log, { plan, target: { ...target, conversationId: id } });
  const { source } = mapping;
  const names = target.type === 'split' ? [] : target.chats.map(({ chat }) => chat);
  await models.aliases.insertMissing(
    names.map((alias) => ({ alias, conversationId: id, source })),
    new Date(),
  );
  return undefined;
}

async function writeMessages(
  importer: Importer,
  log: ImportLog,
  { plan, target }: { plan: Plan; target: Target & { conversationId: ConversationId } },
): Promise<void> {
  const { context, staging, models } = importer;
  const { conversationId: id } = target;
  const membership = target.type === 'group' ? await importer.membership(id) : undefined;
  const record = await models.conversations.findById(id);
  const audience =
    membership === undefined ? pairAudience(record?.participants ?? []) : audienceOf(membership);
  const tracker = await trackReads(importer, target, plan.reads);
  let count = 0;
  for await (const batch of staging.messages(target.chats.map(({ chat }) => chat))) {
    if (context.isStopping()) throw new Stopped();
    const { messages } = await readBatch(importer, target, batch);
    const known = await log.findStored(messages);
    const stored = await log.append(messages.filter((message) => !known.has(keyOf(message))));
    await importer.addToSummary(stored, audience);
    count += stored.length;
    const seqs = new Map([...known.values(), ...stored].map((one) => [keyOf(one), one.seq]));
    for (const message of messages) {
      const seq = seqs.get(keyOf(message));
      if (seq !== undefined) tracker.note(message.at, seq);
    }
  }
  // A summary update covers everything up to its message, so it is only needed when no message was stored.
  if (count === 0) await importer.summarise(id);
  await moveReads(importer, id, await tracker.moves(id));
}
