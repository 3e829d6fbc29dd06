import { hash } from 'node:crypto';
import type { WebhookEventName } from '../../../../contract/index.js';
import type { BlockRecord } from '../../models/blockModel.js';
import type { FollowedEntry } from '../../models/followedLogs.js';
import type { FollowedLog } from '../../models/webhookModel.js';
import type { WebhookSubject } from '../../models/webhookRetryModel.js';

/** Logs that each event is read from. Blocks are read by time. */
export const LOGS_OF: Record<WebhookEventName, readonly (FollowedLog | 'blocks')[]> = {
  'message.created': ['messages'],
  'message.updated': ['changes'],
  'message.deleted': ['changes'],
  'message.flagged': ['messages', 'changes'],
  'conversation.created': ['conversations'],
  'conversation.closed': ['messages'],
  'member.joined': ['messages'],
  'member.left': ['messages'],
  'member.removed': ['messages'],
  'user.blocked': ['blocks'],
  'user.reported': ['reports'],
};

export type ConversationSubject = Extract<WebhookSubject, { kind: 'conversation' }>;

/** Key of the order of deliveries. */
export function keyOf(subject: WebhookSubject): string {
  switch (subject.kind) {
    case 'conversation':
      return subject.conversationId;
    case 'report':
      return `report ${subject.reportId}`;
    case 'block':
      return `block ${blockEventId(subject)}`;
  }
}

export const blockEventId = ({
  userId,
  blockedUserId,
  at,
}: Extract<WebhookSubject, { kind: 'block' }>): string =>
  `block_${hash('sha256', JSON.stringify([userId, blockedUserId, at.getTime()]), 'base64url').slice(0, 22)}`;

export const toBlockSubject = ({ blockerId, blockedId, at }: BlockRecord): WebhookSubject => ({
  kind: 'block',
  userId: blockerId,
  blockedUserId: blockedId,
  at,
});

/** Something that was read from the logs and is to be delivered: one subject, with the ends of the ranges that are due. */
export interface DueSubject {
  subject: WebhookSubject;
  lastSeq?: number;
  lastRev?: number;
}

const min = (a: number | undefined, b: number): number => (a === undefined ? b : Math.min(a, b));
const max = (a: number | undefined, b: number): number => (a === undefined ? b : Math.max(a, b));

function addEntry(due: DueSubject & { subject: ConversationSubject }, { seq, rev }: FollowedEntry): void {
  const { subject } = due;
  if (seq !== undefined) {
    subject.seq = min(subject.seq, seq - 1);
    due.lastSeq = max(due.lastSeq, seq);
  } else if (rev !== undefined) {
    subject.rev = min(subject.rev, rev - 1);
    due.lastRev = max(due.lastRev, rev);
  }
}

/** An entry with the log that it was read from. */
export type ReadEntry = FollowedEntry & { log: FollowedLog };

/** Collects entries by subject. The order of subjects is that of their first entries. */
export function groupEntries(entries: readonly ReadEntry[], blocks: readonly WebhookSubject[]): DueSubject[] {
  const byKey = new Map<string, DueSubject>();
  for (const subject of blocks) byKey.set(keyOf(subject), { subject });
  for (const entry of entries) {
    if (entry.log === 'reports') {
      const subject: WebhookSubject = { kind: 'report', reportId: entry._id };
      byKey.set(keyOf(subject), { subject });
      continue;
    }
    const conversationId =
      entry.log === 'conversations'
        ? (entry._id as string as ConversationSubject['conversationId'])
        : entry.conversationId;
    if (conversationId === undefined) continue;
    const known = byKey.get(conversationId)?.subject;
    const subject: ConversationSubject =
      known?.kind === 'conversation' ? known : { kind: 'conversation', conversationId };
    const due = { ...byKey.get(conversationId), subject };
    if (entry.log === 'conversations') subject.isNew = true;
    else addEntry(due, entry);
    byKey.set(conversationId, due);
  }
  return [...byKey.values()];
}
