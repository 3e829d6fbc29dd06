import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ChangedMessages } from '../../models/changedMessages.js';
import type { ChangeModel, ChangeRecord } from '../../models/changeModel.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import type { ReactionModel } from '../../models/reactionModel.js';
import { monotonicMs } from '../../utils/clock.js';
import { type LogState, emptyMembership, type MembershipStore } from '../membership/index.js';
import { type Restrictions, MAX_SHADOW_CHANGES } from '../visibility/index.js';
import type { QueuedChange } from './change.js';
import { Ledger, type LedgerBase } from './ledger.js';
import { ShadowLedger } from './shadowLedger.js';

export interface LedgerDeps {
  conversations: Pick<ConversationModel, 'findById'>;
  changes: Pick<ChangeModel, 'findAfter' | 'findShadow'>;
  changedMessages: Pick<ChangedMessages, 'findBySeqs'>;
  reactions: Pick<ReactionModel, 'findPairs'>;
  memberships: MembershipStore;
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
 * Reads the end of a conversation's change log, the messages of the changes in flight, and the membership. The
 * membership is read last: a user who was removed before the end of the log was read must not count as a member.
 */
export async function readLedger(
  deps: LedgerDeps,
  { conversationId, inFlight }: ReadRequest,
): Promise<OpenedLedger> {
  const record = await deps.conversations.findById(conversationId);
  const pending = record === undefined ? [] : await readPending(deps, record);
  const base = await readBase(deps, { conversationId, record, inFlight, pending });
  const userIds = [...new Set(inFlight.map(({ draft }) => draft.by))];
  const membership = (await deps.memberships.current(conversationId)) ?? emptyMembership(conversationId);
  const facts = await deps.memberships.complete(membership, userIds);
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
    readAtMs: monotonicMs(),
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

async function readBase(
  { changedMessages, reactions }: LedgerDeps,
  request: ReadRequest & { record: ConversationRecord | undefined; pending: readonly ChangeRecord[] },
): Promise<LedgerBase> {
  const { conversationId, record, inFlight, pending } = request;
  const drafts = inFlight.map(({ draft }) => draft);
  const seqs = [...new Set([...drafts, ...pending].map(({ seq }) => seq))];
  const reacting = [
    ...drafts.filter(({ request }) => request.kind === 'reaction'),
    ...pending.filter(({ kind }) => kind === 'reaction'),
  ];
  const pairs = {
    seqs: [...new Set(reacting.map(({ seq }) => seq))],
    userIds: [...new Set<UserId>(reacting.map(({ by }) => by))],
  };
  const [messages, found] = await Promise.all([
    changedMessages.findBySeqs(conversationId, seqs),
    reactions.findPairs(conversationId, pairs),
  ]);
  return {
    conversationId,
    messages,
    reactions: found,
    rev: record?.rev ?? 0,
    pinned: record?.pinned ?? [],
  };
}
