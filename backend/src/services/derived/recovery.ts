import type { ConversationId } from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord, Summary } from '../../models/conversationModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { MessageModel, MessageTrace } from '../../models/messageModel.js';
import { firstIdAt, timeOfId } from '../../models/objectIds.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { Membership } from '../membership/membership.js';
import type { Publisher } from '../ports.js';
import type { MembershipStore } from '../membership/membershipStore.js';
import type { MembershipWriter } from '../membership/membershipWriter.js';
import { audienceOf, emptySummary, mergeIntoSummary, writeSummaries } from './summaries.js';
import type { WriteWatermark } from './writeWatermark.js';

interface RecoveryParts {
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

/** Clocks of processes differ, and an id is older than its insert. */
export const OVERLAP_MS = 60_000;
const CONVERSATIONS_PER_BULK = 500;

/**
 * Derives summaries again from the messages a dead process may not have summarised, and tells the members the heads.
 * Safe at any time, by several processes at once: summaries only move forward.
 *
 * @param flushedThrough the dead process's last word: hex id below which everything was summarised.
 * @returns how many conversations were behind.
 */
export async function recoverSummaries(parts: RecoveryParts, flushedThrough: string): Promise<number> {
  const traces = new Map<ConversationId, MessageTrace[]>();
  for await (const trace of parts.messages.traceSince(firstIdAt(timeOfId(flushedThrough) - OVERLAP_MS))) {
    noteTrace(traces, trace);
  }
  const ids = [...traces.keys()].sort();
  let behind = 0;
  for (let from = 0; from < ids.length; from += CONVERSATIONS_PER_BULK) {
    const conversations = await parts.conversations.findByIds(ids.slice(from, from + CONVERSATIONS_PER_BULK));
    behind += await mergeBehind(parts, conversations, traces);
  }
  // What control entries mean was noted while their conversations were read.
  await parts.membershipWriter.drain();
  if (behind > 0) parts.logger.info({ conversations: behind }, 'summaries derived again from the messages');
  parts.metrics.recoveredConversations.inc(behind);
  return behind;
}

/** Per conversation, sender and kind of entry only the newest matters. */
function noteTrace(traces: Map<ConversationId, MessageTrace[]>, trace: MessageTrace): void {
  const known = traces.get(trace.conversationId) ?? [];
  const older = known.findIndex(
    (one) => one.senderId === trace.senderId && isControlTrace(one) === isControlTrace(trace),
  );
  if (older === -1) known.push(trace);
  else if ((known[older]?.seq ?? 0) < trace.seq) known[older] = trace;
  traces.set(trace.conversationId, known);
}

const isControlTrace = ({ seq, control, silent, shadow }: MessageTrace): string =>
  `${seq === control} ${silent === true || shadow === true}`;

async function mergeBehind(
  parts: RecoveryParts,
  conversations: readonly ConversationRecord[],
  traces: ReadonlyMap<ConversationId, readonly MessageTrace[]>,
): Promise<number> {
  const memberships = await parts.memberships.currentOf(conversations.map(({ _id }) => _id));
  const behind = conversations.flatMap((conversation) => {
    const membership = memberships.get(conversation._id);
    const summary = membership && summaryOf(membership, traces.get(conversation._id) ?? []);
    return summary !== undefined && isBehind(conversation, summary)
      ? [{ conversation, membership, summary }]
      : [];
  });
  if (behind.length === 0) return 0;
  await parts.watermark.track(() =>
    writeSummaries(
      parts,
      behind.map(({ summary }) => summary),
    ),
  );
  for (const { conversation, membership, summary } of behind) {
    parts.publisher.toUsers([...(membership?.members.keys() ?? [])], {
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
  // Positions of senders are not in this document: they are set once more.
  summary.senders.size > 0 ||
  [...summary.lastSent].some(([place, { seq }]) => seq > (conversation.lastSent[place] ?? 0));
