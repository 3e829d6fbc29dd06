import type { ConversationId } from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord, Summary } from '../../models/conversationModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { MessageModel, MessageTrace } from '../../models/messageModel.js';
import { firstIdAt, timeOfId } from '../../models/objectIds.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { Membership, MembershipStore, MembershipWriter } from '../membership/index.js';
import type { Publisher } from '../ports.js';
import { audienceOf, emptySummary, mergeIntoSummary, writeSummaries } from './summaries.js';
import type { WriteWatermark } from '../runtime/index.js';

interface RecoveryDeps {
  messages: Pick<MessageModel, 'traceSince'>;
  conversations: Pick<ConversationModel, 'findByIds' | 'mergeSummaries'>;
  members: Pick<MemberModel, 'advance'>;
  memberships: MembershipStore;
  membershipWriter: MembershipWriter;
  watermark: WriteWatermark;
  publisher: Publisher;
  metrics: Metrics;
  logger: Logger;
}

/**
 * Messages are read again from this long before the id in question: clocks of processes differ, and an id is older than
 * its insert.
 */
export const OVERLAP_MS = 60_000;
const CONVERSATIONS_PER_BULK = 500;

/**
 * Derives summaries again from messages that a dead process may not have summarised, and sends the heads to the
 * members. Safe at any time, and by several processes at once: summaries only move forward.
 *
 * @param flushedThrough from the dead process's last heartbeat: hex id below which everything was summarised.
 * @returns the number of conversations whose summaries were behind.
 */
export async function recoverSummaries(deps: RecoveryDeps, flushedThrough: string): Promise<number> {
  const traces = new Map<ConversationId, MessageTrace[]>();
  for await (const trace of deps.messages.traceSince(firstIdAt(timeOfId(flushedThrough) - OVERLAP_MS))) {
    noteTrace(traces, trace);
  }
  const ids = [...traces.keys()].sort();
  let behind = 0;
  for (let from = 0; from < ids.length; from += CONVERSATIONS_PER_BULK) {
    const conversations = await deps.conversations.findByIds(ids.slice(from, from + CONVERSATIONS_PER_BULK));
    behind += await mergeBehind(deps, conversations, traces);
  }
  // Reading the conversations has noted their membership events that were not applied yet.
  await deps.membershipWriter.drain();
  if (behind > 0) deps.logger.info({ conversations: behind }, 'summaries derived again from the messages');
  deps.metrics.recoveredConversations.inc(behind);
  return behind;
}

/** Keeps the newest entry per conversation, sender and kind of entry; older ones add nothing to a summary. */
function noteTrace(traces: Map<ConversationId, MessageTrace[]>, trace: MessageTrace): void {
  const known = traces.get(trace.conversationId) ?? [];
  const index = known.findIndex((one) => one.senderId === trace.senderId && kindOf(one) === kindOf(trace));
  if (index === -1) known.push(trace);
  else if ((known[index]?.seq ?? 0) < trace.seq) known[index] = trace;
  traces.set(trace.conversationId, known);
}

/** Entries of different kinds change different fields of a summary. */
const kindOf = ({ seq, control, silent, shadow, quiet }: MessageTrace): string =>
  `${seq === control} ${silent === true || shadow === true} ${quiet === true}`;

async function mergeBehind(
  deps: RecoveryDeps,
  conversations: readonly ConversationRecord[],
  traces: ReadonlyMap<ConversationId, readonly MessageTrace[]>,
): Promise<number> {
  const memberships = await deps.memberships.currentOf(conversations.map(({ _id }) => _id));
  const behind = conversations.flatMap((conversation) => {
    const membership = memberships.get(conversation._id);
    const summary = membership && summaryOf(membership, traces.get(conversation._id) ?? []);
    return summary !== undefined && isBehind(conversation, summary)
      ? [{ conversation, membership, summary }]
      : [];
  });
  if (behind.length === 0) return 0;
  await deps.watermark.track(() =>
    writeSummaries(
      deps,
      behind.map(({ summary }) => summary),
    ),
  );
  for (const { conversation, membership, summary } of behind) {
    deps.publisher.toUsers([...(membership?.members.keys() ?? [])], {
      event: 'conversation:updated',
      data: { head: { conversationId: conversation._id, lastSeq: summary.lastSeq, rev: conversation.rev } },
    });
  }
  return behind.length;
}

function summaryOf(membership: Membership, traces: readonly MessageTrace[]): Summary | undefined {
  const first = traces[0];
  if (first === undefined) return undefined;
  const summary = emptySummary(first);
  const audience = audienceOf(membership);
  for (const trace of traces) mergeIntoSummary(summary, trace, audience);
  return summary;
}

const isBehind = (conversation: ConversationRecord, summary: Summary): boolean =>
  summary.lastSeq > conversation.lastSeq ||
  (summary.shown?.seq ?? 0) > conversation.lastMessageSeq ||
  // Positions of senders are not in the conversation's document: they are always written again.
  summary.senders.size > 0 ||
  summary.quietSenders.size > 0 ||
  isQuietBehind(conversation, summary) ||
  [...summary.lastSent].some(([index, { seq }]) => seq > (conversation.lastSent[index] ?? 0));

const isQuietBehind = ({ lastQuiet = {} }: ConversationRecord, { lastQuiet: noted }: Summary): boolean =>
  [...noted].some(([index, { seq }]) => seq > (lastQuiet[index]?.seq ?? 0));
