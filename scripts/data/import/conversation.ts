import type { ConversationId, UserId } from '../../../contract/index.js';
import { audienceOf } from '../../../backend/src/services/derived/summaries.js';
import type { MessageRecord } from '../../../backend/src/models/messageModel.js';
import { importedMessageId } from '../../../backend/src/utils/importIds.js';
import type { JournalWriter } from '../frame/journal.js';
import type { AppliedStep } from '../frame/sideBySide.js';
import { Stopped, type Counts, type Finding } from '../frame/task.js';
import { newEntry, toImportedEntry } from './undo.js';
import { pairAudience, type Importer } from './importer.js';
import { hashOf, ImportLog, keyOf, type ImportedMessage } from './log.js';
import { admit, findKnown, findLacking, type Lacking } from './members.js';
import { moveReads, placesOf, type Places, type Reads } from './positions.js';
import { unreadable } from './stage.js';
import type { StagedConversation, StagedMessage } from './staging.js';
import { findTarget, makeConversation, plannedId, type Target } from './target.js';

/** What is there to do about one conversation. */
interface Plan {
  target: Target;
  /** Messages that are not stored yet, and those of them that are older than what the conversation ends with. */
  missing: number;
  late: number;
  changed: number;
  since: Date | undefined;
  senders: Set<UserId>;
  lacking: Lacking;
  /** Of a conversation that lacks nothing: up to where people have read. */
  places: Places | undefined;
  reads: Reads | undefined;
}

/** One conversation of this server, of all the old ones that it is made of: what is missing, as one step. */
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
  const plan = emptyPlan(target);
  const tail = target.conversationId && (await models.messages.findTail(target.conversationId, 0));
  const places = await placesOf(importer, target);
  plan.reads = places.reads;
  for (const lost of places.reads.lost) yield unreadable(`conversation ${names}`, lost);
  for await (const batch of importer.staging.messages(chats.map(({ chat }) => chat))) {
    if (importer.context.isStopping()) throw new Stopped();
    const { messages, refused } = await readBatch(importer, target, batch);
    yield* refused;
    await planBatch(importer, { plan, places, messages });
    importer.context.progress.advance(batch.length);
  }
  if (plan.changed > 0) {
    yield {
      problem: `conversation ${names}: ${plan.changed} messages say something else in the older system now; what was imported first stays`,
      details: { conversation: names, changed: plan.changed },
      counts: { changedSince: plan.changed },
    };
  }
  if (target.type === 'group') {
    plan.lacking = findLacking(target, await findKnown(importer, target.conversationId), plan.senders);
  }
  plan.places = plan.missing === 0 ? places : undefined;
  const step = await toStep(importer, plan, { names, endSeq: tail?.seq ?? 0 });
  if (step !== undefined) yield step;
  yield* await takenAliases(importer, target);
}

const emptyPlan = (target: Target): Plan => ({
  ...{ target, missing: 0, late: 0, changed: 0, since: undefined, senders: new Set() },
  ...{ lacking: { joining: [], former: [] }, places: undefined, reads: undefined },
});

/** Staged messages with their senders: who is in no pair cannot have written in it. */
async function readBatch(
  importer: Importer,
  target: Target,
  batch: readonly StagedMessage[],
): Promise<{ messages: ImportedMessage[]; refused: Finding[] }> {
  const messages: ImportedMessage[] = [];
  const refused: Finding[] = [];
  const inside = new Set<string>(target.people);
  for (const { chat, id, sender, at, text, attachment, deletedAt } of batch) {
    const senderId = await importer.people.find(sender);
    const where = `conversation ${chat}, message ${id}`;
    if (typeof senderId === 'object') refused.push(unreadable(where, senderId.problem));
    else if (target.type !== 'group' && !inside.has(senderId)) {
      refused.push(unreadable(where, 'was sent by somebody who is not in the chat'));
    } else {
      messages.push({
        ...{ senderId, at, text, clientMessageId: importedMessageId(importer.mapping.source, id) },
        ...(attachment !== undefined && { attachment: attachment as never }),
        ...(deletedAt !== undefined && { deletedAt }),
      });
    }
  }
  return { messages, refused };
}

async function planBatch(
  { models }: Importer,
  { plan, places, messages }: { plan: Plan; places: Places; messages: readonly ImportedMessage[] },
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
      if (places.endsAt !== undefined && message.at < places.endsAt) plan.late += 1;
    } else {
      places.note(message.at, known.seq);
      // Whoever edited or deleted it here has the last word.
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
  const { target, missing, late, lacking, places } = plan;
  const { conversationId } = target;
  const record = conversationId && (await importer.models.conversations.findById(conversationId));
  const isBehind = record !== undefined && endSeq > record.lastSeq;
  const moves =
    places === undefined || conversationId === undefined ? [] : await places.moves(conversationId);
  const aliases = await missingAliases(importer, target);
  const people = lacking.joining.length + lacking.former.length;
  const isDone = conversationId !== undefined && missing + people + moves.length + aliases.length === 0;
  if (isDone && !isBehind) return undefined;
  const into = conversationId ?? `a new ${target.type === 'group' ? 'group' : 'chat'}`;
  const counts = {
    ...(conversationId === undefined && { conversations: 1 }),
    ...(missing > 0 && { messages: missing }),
    ...(late > 0 && { late }),
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

/** Old ids that do not mean this conversation yet. A chat that is to be split is known by none: it would be guessed. */
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
  // A sealed one is followed by the server to where it goes on.
  const sealed = new Set(stored.filter(({ mergedInto }) => mergedInto !== undefined).map(({ _id }) => _id));
  return others
    .filter(({ other }) => !sealed.has(other))
    .map(({ alias }) =>
      unreadable(`conversation ${alias}`, 'its id means another conversation here already'),
    );
}

async function write(importer: Importer, plan: Plan, journal: JournalWriter): Promise<Counts | undefined> {
  const { models, mapping, context } = importer;
  const { target } = plan;
  await importer.prepare();
  const since = target.chats[0]?.createdAt ?? plan.since ?? new Date();
  const planned = target.conversationId ?? plannedId(mapping.source, target);
  // Of a pair that has no chat, the id is new: nothing can be there under it.
  const isNew = target.conversationId === undefined && target.type === 'direct';
  await journal.write([isNew ? newEntry(importer, planned) : await toImportedEntry(importer, planned)]);
  const options = { target, id: planned, since, now: new Date() };
  const id = target.conversationId ?? (await makeConversation(context, options));
  // Somebody made it at the same moment: then it is theirs, and what is added to it is another entry.
  if (id !== planned) await journal.write([await toImportedEntry(importer, id)]);
  // What a run that was killed had stored.
  if (target.conversationId !== undefined) await importer.summarise(id);
  const log = new ImportLog(models, id);
  if (target.type === 'group') await admit(importer, log, { target, lacking: plan.lacking, at: since });
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
  const places = await placesOf(importer, target, plan.reads);
  let count = 0;
  for await (const batch of staging.messages(target.chats.map(({ chat }) => chat))) {
    if (context.isStopping()) throw new Stopped();
    const { messages } = await readBatch(importer, target, batch);
    const known = await log.findStored(messages);
    const stored = await log.append(messages.filter((message) => !known.has(keyOf(message))));
    await importer.note(stored, audience);
    count += stored.length;
    const seqs = new Map([...known.values(), ...stored].map((one) => [keyOf(one), one.seq]));
    for (const message of messages) {
      const seq = seqs.get(keyOf(message));
      if (seq !== undefined) places.note(message.at, seq);
    }
  }
  // The summary of a message covers what stands before it.
  if (count === 0) await importer.summarise(id);
  await moveReads(importer, id, await places.moves(id));
}
