import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ChangedMessages } from '../../models/changedMessages.js';
import type { ChangeModel, ChangeRecord } from '../../models/changeModel.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../../models/memberModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import type { ReactionModel, ReactionRecord } from '../../models/reactionModel.js';
import { monotonicMs } from '../../utils/clock.js';
import type { Summaries } from '../derived/index.js';
import {
  type LogState,
  type Membership,
  emptyMembership,
  type MembershipStore,
  readWithEnd,
} from '../membership/index.js';
import { type Restrictions, MAX_SHADOW_CHANGES } from '../visibility/index.js';
import type { QueuedChange } from './change.js';
import { Ledger } from './ledger.js';
import { ShadowLedger } from './shadowLedger.js';

export interface LedgerDeps {
  conversations: Pick<ConversationModel, 'findById'>;
  changes: Pick<ChangeModel, 'findAfter' | 'findShadow'>;
  changedMessages: Pick<ChangedMessages, 'findBySeqs'>;
  reactions: Pick<ReactionModel, 'findPairs' | 'findByMessages'>;
  members: Pick<MemberModel, 'findByUsers'>;
  memberships: MembershipStore;
  summaries: Pick<Summaries, 'overlay'>;
  restrictions: Pick<Restrictions, 'shadowOf'>;
  /** Returns the search words of a message. */
  wordsOf: (said: MessageRecord) => string[];
}

/** State of a conversation at the end of its change log. */
export interface OpenedLedger {
  ledger: Ledger;
  /** Ledgers as seen by the restricted users among the authors of the changes in flight. */
  shadowLedgers: ReadonlyMap<UserId, ShadowLedger>;
  /** Membership and member facts for the authors. */
  logState: LogState;
  /** Member documents of the authors. */
  own: ReadonlyMap<UserId, MemberRecord>;
  /** Time at which the membership was read (monotonic, ms). */
  readAtMs: number;
  /** True when the log holds changes that are not applied yet. */
  isBehind: boolean;
  /** Returns the ledger as it was opened, with these changes appended. */
  refold: (stored: readonly { change: ChangeRecord }[]) => Ledger;
}

interface ReadRequest {
  conversationId: ConversationId;
  inFlight: readonly QueuedChange[];
}

/**
 * Reads the end of a conversation's change log, and then the messages of the changes in flight, their authors and the
 * membership: a user who was removed before the end of the log was read must not count as a member.
 */
export async function readLedger(
  deps: LedgerDeps,
  { conversationId, inFlight }: ReadRequest,
): Promise<OpenedLedger> {
  const record = await deps.conversations.findById(conversationId);
  const pending = record === undefined ? [] : await readPending(deps, record);
  const drafts = inFlight.map(({ draft }) => draft);
  const userIds = [...new Set(drafts.map(({ by }) => by))];
  const seqs = [...new Set([...drafts, ...pending].map(({ seq }) => seq))];
  const [{ messages, membership = emptyMembership(conversationId) }, own] = await Promise.all([
    record === undefined
      ? { messages: [], membership: undefined }
      : readWithEnd(deps, deps.summaries.overlay(record), seqs),
    userIds.length === 0 ? [] : deps.members.findByUsers(conversationId, userIds),
  ]);
  const readAtMs = monotonicMs();
  const facts = await deps.memberships.complete(membership, userIds);
  const base = {
    conversationId,
    messages,
    reactions: await readReactions(deps, { membership, messages, pending, userIds }),
    rev: record?.rev ?? 0,
    pinned: record?.pinned ?? [],
  };
  const refold = (stored: readonly { change: ChangeRecord }[]): Ledger => {
    const ledger = new Ledger(base, deps.wordsOf);
    for (const change of [...pending, ...stored.map((one) => one.change)]) ledger.fold(change);
    return ledger;
  };
  const ledger = refold([]);
  return {
    ledger,
    shadowLedgers: await readShadowLedgers(deps, ledger, userIds),
    logState: { membership, facts },
    own: new Map(own.map((one) => [one.userId, one])),
    readAtMs,
    isBehind: pending.length > 0,
    refold,
  };
}

/** Reads shadow changes. Runs after the pending changes were read, so that every change is found by one of the two. */
async function readShadowLedgers(
  { changes, restrictions }: LedgerDeps,
  ledger: Ledger,
  userIds: readonly UserId[],
): Promise<Map<UserId, ShadowLedger>> {
  const ledgers = await Promise.all(
    userIds.map(async (by) => {
      const restrictedAt = restrictions.shadowOf(by)?.restrictedAt;
      if (restrictedAt === undefined) return [];
      const range = { by, restrictedAt, limit: MAX_SHADOW_CHANGES };
      const stored = await changes.findShadow([ledger.conversationId], range);
      return [[by, new ShadowLedger(ledger, by, stored)] as const];
    }),
  );
  return new Map(ledgers.flat());
}

const PENDING_PAGE = 500;

/** Reads changes that are stored and not applied: by processes that still run, or by one that died. */
async function readPending(
  { changes }: LedgerDeps,
  { _id, rev }: ConversationRecord,
): Promise<ChangeRecord[]> {
  const pending: ChangeRecord[] = [];
  for (;;) {
    const page = await changes.findAfter(_id, pending.at(-1)?.rev ?? rev, PENDING_PAGE);
    pending.push(...page);
    if (page.length < PENDING_PAGE) return pending;
  }
}

/**
 * Reads the reactions to messages: in large groups those of the authors of changes, otherwise all. A message that counts none
 * has none, except those of changes that are not applied yet.
 */
function readReactions(
  { reactions }: LedgerDeps,
  state: {
    membership: Membership;
    messages: readonly MessageRecord[];
    pending: readonly ChangeRecord[];
    userIds: readonly UserId[];
  },
): Promise<ReactionRecord[]> {
  const { membership, messages, userIds } = state;
  const reacting = state.pending.filter(({ kind }) => kind === 'reaction');
  const counted = messages.filter((message) => (message.reactions ?? []).length > 0);
  const seqs = [...new Set([...counted, ...reacting].map(({ seq }) => seq))];
  if (!membership.isLarge) return reactions.findByMessages(membership.conversationId, seqs);
  const among = [...new Set([...userIds, ...reacting.map(({ by }) => by)])];
  return reactions.findPairs(membership.conversationId, { seqs, userIds: among });
}
