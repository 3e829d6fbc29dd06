import type { UserId } from '../../../../contract/index.js';
import type { ConversationRecord, Summary } from '../../models/conversationModel.js';

/** The newest message of a sender. */
interface Sent {
  seq: number;
  n: number;
}

export function noteNewest<Key, One extends Sent>(newest: Map<Key, One>, key: Key, sent: One): void {
  if (sent.seq > (newest.get(key)?.seq ?? 0)) newest.set(key, sent);
}

function newestOf<Key, One extends Sent>(a: ReadonlyMap<Key, One>, b: ReadonlyMap<Key, One>): Map<Key, One> {
  const newest = new Map(a);
  for (const [key, sent] of b) noteNewest(newest, key, sent);
  return newest;
}

const laterOf = (a: Date | undefined, b: Date | undefined): Date | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;

/** Joins two summaries of one conversation. */
export function joinSummaries(a: Summary, b: Summary): Summary {
  return {
    ...(b.lastSeq > a.lastSeq ? b : a),
    shown: (b.shown?.seq ?? 0) > (a.shown?.seq ?? 0) ? b.shown : a.shown,
    lastMessageAt: laterOf(a.lastMessageAt, b.lastMessageAt),
    lastDeletedSeq: Math.max(a.lastDeletedSeq, b.lastDeletedSeq),
    lastSent: newestOf(a.lastSent, b.lastSent),
    senders: newestOf(a.senders, b.senders),
    lastQuiet: newestOf(a.lastQuiet, b.lastQuiet),
    quietSenders: newestOf(a.quietSenders, b.quietSenders),
    unreadFor: new Set([...a.unreadFor, ...b.unreadFor]),
  };
}

/** Returns a stored conversation with a summary that may be newer than it. */
export function overlaySummary(record: ConversationRecord, summary: Summary): ConversationRecord {
  const { shown } = summary;
  const sent = record.participants.map((_, index) => {
    const stored = { seq: record.lastSent[index] ?? 0, n: record.lastSentN[index] ?? 0 };
    const noted = summary.lastSent.get(index);
    return noted !== undefined && noted.seq > stored.seq ? noted : stored;
  });
  return {
    ...record,
    ...(summary.lastSeq > record.lastSeq && {
      lastSeq: summary.lastSeq,
      messageCount: summary.messageCount,
      tailControl: summary.control,
    }),
    ...(shown !== undefined &&
      shown.seq > record.lastMessageSeq && { lastMessageId: shown.id, lastMessageSeq: shown.seq }),
    lastMessageAt: laterOf(record.lastMessageAt, summary.lastMessageAt) ?? record.lastMessageAt,
    ...(record.type === 'direct' && {
      lastSent: sent.map(({ seq }) => seq),
      lastSentN: sent.map(({ n }) => n),
    }),
    ...(summary.senders.size > 0 && {
      sentBy: newestOf<UserId, Sent>(record.sentBy ?? new Map(), summary.senders),
    }),
    ...overlayQuiet(record, summary),
  };
}

const overlayQuiet = (
  { lastQuiet = {}, quietBy = new Map() }: ConversationRecord,
  summary: Summary,
): Partial<ConversationRecord> => ({
  ...(summary.lastQuiet.size > 0 && {
    lastQuiet: Object.fromEntries(
      newestOf<string, Sent>(
        new Map(Object.entries(lastQuiet)),
        new Map([...summary.lastQuiet].map(([index, sent]) => [String(index), sent])),
      ),
    ),
  }),
  ...(summary.quietSenders.size > 0 && { quietBy: newestOf<UserId, Sent>(quietBy, summary.quietSenders) }),
});
