import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ChangedMessages } from '../../models/changedMessages.js';
import type { ChangeModel, ChangeRecord } from '../../models/changeModel.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import type { ReactionModel } from '../../models/reactionModel.js';
import { monotonicMs } from '../../utils/clock.js';
import type { Judged } from '../commitLog/entry.js';
import { nobodyIn } from '../membership/membership.js';
import type { MembershipStore } from '../membership/membershipStore.js';
import type { Waiting } from './change.js';
import { Ledger, type LedgerBase } from './ledger.js';

export interface LedgerParts {
  conversations: Pick<ConversationModel, 'findById'>;
  changes: Pick<ChangeModel, 'findAfter'>;
  changedMessages: Pick<ChangedMessages, 'findPlaces'>;
  reactions: Pick<ReactionModel, 'findPairs'>;
  memberships: MembershipStore;
  /** What search finds a message by. */
  wordsOf: (said: MessageRecord) => string[];
}

/** A conversation at the end of its change log. */
export interface Opened {
  ledger: Ledger;
  judged: Judged;
  /** When who is in the conversation was read (monotonic, ms). */
  readAtMs: number;
  /** Something is in the log that is not applied yet. */
  isBehind: boolean;
  /** The ledger as it was opened, with these changes behind it. */
  foldAgain: (stored: readonly { change: ChangeRecord }[]) => Ledger;
}

interface Wanted {
  conversationId: ConversationId;
  taken: readonly Waiting[];
}

/**
 * Reads the end of a conversation's change log, the messages that those who wait are about, and who is in the
 * conversation: the membership last, so that whoever was out when the end was read is not taken for a member.
 */
export async function readLedger(parts: LedgerParts, { conversationId, taken }: Wanted): Promise<Opened> {
  const record = await parts.conversations.findById(conversationId);
  const pending = record === undefined ? [] : await readPending(parts, record);
  const base = await readBase(parts, { conversationId, record, taken, pending });
  const userIds = [...new Set(taken.map(({ draft }) => draft.by))];
  const membership = (await parts.memberships.current(conversationId)) ?? nobodyIn(conversationId);
  const facts = await parts.memberships.complete(membership, userIds);
  const foldAgain = (stored: readonly { change: ChangeRecord }[]): Ledger => {
    const ledger = new Ledger(base, parts.wordsOf);
    for (const change of [...pending, ...stored.map((one) => one.change)]) ledger.fold(change);
    return ledger;
  };
  return {
    ledger: foldAgain([]),
    judged: { membership, facts },
    readAtMs: monotonicMs(),
    isBehind: pending.length > 0,
    foldAgain,
  };
}

const PENDING_PAGE = 500;

/** What is in the log and not said to be applied: what is under way on other processes, or was left by a dead one. */
async function readPending(
  { changes }: LedgerParts,
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
  { changedMessages, reactions }: LedgerParts,
  what: Wanted & { record: ConversationRecord | undefined; pending: readonly ChangeRecord[] },
): Promise<LedgerBase> {
  const { conversationId, record, taken, pending } = what;
  const drafts = taken.map(({ draft }) => draft);
  const seqs = [...new Set([...drafts, ...pending].map(({ seq }) => seq))];
  const reacting = [
    ...drafts.filter(({ wish }) => wish.kind === 'reaction'),
    ...pending.filter(({ kind }) => kind === 'reaction'),
  ];
  const pairs = {
    seqs: [...new Set(reacting.map(({ seq }) => seq))],
    userIds: [...new Set<UserId>(reacting.map(({ by }) => by))],
  };
  const [messages, found] = await Promise.all([
    changedMessages.findPlaces(conversationId, seqs),
    reactions.findPairs(conversationId, pairs),
  ]);
  return {
    ...{ conversationId, messages, reactions: found },
    ...{ rev: record?.rev ?? 0, pinned: record?.pinned ?? [] },
  };
}
