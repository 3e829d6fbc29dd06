import { AppError, notParticipant } from '../../utils/appError.js';
import type { UserId } from '../../../../contract/index.js';
import { MAX_SHADOW_ACTIONS } from '../visibility/index.js';
import {
  foldShadow,
  othersIn,
  type Membership,
  blocked,
  refusalOfMessage,
  type LogState,
} from '../membership/index.js';
import type { Slot } from './batch.js';
import type { CommitLogDeps } from './deps.js';
import { isMembershipEvent, NothingToDo, type Entry, type SecrecyMarks } from './entry.js';
import type { LogView } from './logView.js';

type PrepareDeps = Pick<CommitLogDeps, 'memberships' | 'conversations' | 'messages' | 'safety'>;

/**
 * Loads the missing state of logs: membership and tail. A cold log takes its tail from the conversation's summary.
 * The summary may lag: then the insert fails at the unique index and the tail is read again. If the tail follows a
 * membership event that the loaded membership does not include, the membership is loaded again.
 */
export async function loadLogs(deps: PrepareDeps, slots: readonly Slot[]): Promise<void> {
  const logs = slots.map(({ log }) => log);
  const cold = logs.filter((log) => log.membership === undefined);
  if (cold.length > 0) await loadCold(deps, cold);
  await Promise.all(
    logs
      .filter((log) => log.membership !== undefined && log.tail === undefined)
      .map(async (log) => {
        log.tail = (await deps.messages.findTail(log.conversationId, log.knownSeq)) ?? EMPTY;
      }),
  );
  await Promise.all(
    logs
      .filter(({ membership, tail }) => membership !== undefined && membership.control < (tail?.control ?? 0))
      .map(async (log) => {
        log.membership = await deps.memberships.current(log.conversationId);
      }),
  );
  await loadFacts(deps, slots);
}

const NO_BLOCKS: ReadonlySet<UserId> = new Set();
const EMPTY = { seq: 0, n: 0, control: 0 };

async function loadCold(deps: PrepareDeps, cold: readonly LogView[]): Promise<void> {
  const found = await deps.conversations.findByIds(cold.map(({ conversationId }) => conversationId));
  const memberships = await deps.memberships.known(found);
  const byId = new Map(found.map((conversation) => [conversation._id, conversation]));
  for (const log of cold) {
    const conversation = byId.get(log.conversationId);
    log.membership = conversation && memberships.get(log.conversationId);
    if (conversation === undefined || log.membership === undefined) continue;
    const { lastSeq, messageCount, tailControl } = conversation;
    log.knownSeq = Math.max(log.knownSeq, lastSeq);
    log.tail ??= { seq: lastSeq, n: messageCount, control: tailControl };
  }
}

/**
 * Loads the senders and the users concerned by membership events. A channel's `membership` does not hold all members.
 */
async function loadFacts(deps: PrepareDeps, slots: readonly Slot[]): Promise<void> {
  await Promise.all(
    slots.map(async ({ log, entries }) => {
      if (log.membership === undefined) return;
      const about = entries.flatMap(({ draft }) => [
        draft.senderId,
        ...(isMembershipEvent(draft) ? draft.about : []),
      ]);
      log.facts = await deps.memberships.complete(log.membership, about);
      for (const entry of entries) if (isMembershipEvent(entry.draft)) await loadOwnActions(deps, entry);
    }),
  );
}

/** Loads a restricted sender's shadow entries. One query per event is cheap: events go alone, restrictions are rare. */
async function loadOwnActions({ messages, safety }: PrepareDeps, entry: Entry): Promise<void> {
  const { senderId, conversationId } = entry.draft;
  const restrictedAt = safety.restrictions.shadowOf(senderId)?.restrictedAt;
  const range = restrictedAt && { restrictedAt, limit: MAX_SHADOW_ACTIONS };
  entry.ownActions = range ? await messages.findShadowActions(senderId, [conversationId], range) : [];
}

/** Reads tail and membership of logs again from the database. */
export async function reloadLogs(deps: PrepareDeps, slots: readonly Slot[]): Promise<void> {
  await Promise.all(
    slots.map(async ({ log }) => {
      const tail = await deps.messages.findTail(log.conversationId, log.knownSeq);
      if (tail !== undefined) log.noteStored(tail);
      log.membership = await deps.memberships.current(log.conversationId);
    }),
  );
  await loadLogs(deps, slots);
}

export interface Refused {
  log: LogView;
  entry: Entry;
  error: AppError | NothingToDo;
}

/**
 * Checks which entries may be written. It runs at every attempt, because the membership may have changed in between.
 */
export function authoriseSlots(
  slots: readonly Slot[],
  safety: CommitLogDeps['safety'],
): { allowed: Slot[]; refused: Refused[] } {
  const refused: Refused[] = [];
  const allowed = slots.map(({ log, entries }) => {
    let lastSeq = log.tail?.seq ?? 0;
    const kept = entries.filter((entry) => {
      const error =
        refusalOf(log, entry, { lastSeq, safety }) ??
        (entry.isUnseen ? undefined : refusalOfPair(log, entry, safety));
      if (error === undefined) lastSeq += 1;
      else refused.push({ log, entry, error });
      return error === undefined;
    });
    return { log, entries: kept };
  });
  return { allowed, refused };
}

/**
 * Returns the flags that hide a message, or the read position implied by it, from others. They are decided once,
 * when the message is stored, so that every later reader applies the same decision. Channels need no read flags,
 * because they do not name readers.
 */
export function marksOf(
  safety: CommitLogDeps['safety'],
  senderId: UserId,
  membership: Membership | undefined,
): SecrecyMarks {
  if (safety.restrictions.shadowOf(senderId) !== undefined) return { shadow: true };
  if (membership === undefined || membership.type === 'channel') return {};
  if (!safety.showsReads(senderId)) return { quiet: true };
  if (membership.type === 'direct' || !safety.hasBlocks(senderId)) return {};
  const blockedUsers = othersIn(membership, senderId).filter((other) =>
    safety.isBlockedPair(senderId, other),
  );
  if (blockedUsers.length === 0) return {};
  // A large group does not name readers. The flag still applies if the group becomes small.
  return membership.isLarge ? { quiet: true } : { quietFor: blockedUsers };
}

/**
 * Marks messages whose sender is blocked by a user they have never met. They are stored, and only the sender sees
 * them, so that the block is not revealed.
 */
export async function markUnseen(safety: CommitLogDeps['safety'], entries: readonly Entry[]): Promise<void> {
  const asked = entries
    .filter(({ draft }) => !isMembershipEvent(draft))
    .map((entry) => ({
      entry,
      userId: entry.draft.senderId,
      conversationId: entry.draft.conversationId,
    }));
  const isUnaware = await safety.findHiddenBlocks(asked);
  for (const one of asked) one.entry.isUnseen = isUnaware(one);
}

/**
 * Returns `BLOCKED` for a message between blocked users in a direct conversation. The stored block is checked in
 * addition to the log: it is stored before its membership event, and the process may die in between.
 */
function refusalOfPair(
  { membership }: LogView,
  { draft }: Entry,
  safety: CommitLogDeps['safety'],
): AppError | undefined {
  if (membership?.type !== 'direct' || isMembershipEvent(draft)) return undefined;
  return othersIn(membership, draft.senderId).some((other) => safety.isBlockedPair(draft.senderId, other))
    ? blocked()
    : undefined;
}

/** Returns the error that refuses an entry. For an accepted membership event, sets its `action` and `shadow`. */
function refusalOf(
  { membership, facts }: LogView,
  entry: Entry,
  { lastSeq, safety }: { lastSeq: number; safety: CommitLogDeps['safety'] },
): Refused['error'] | undefined {
  if (membership === undefined) return notParticipant();
  const { draft } = entry;
  if (!isMembershipEvent(draft)) {
    const known = entry.isUnseen ? { ...membership, blockedBy: NO_BLOCKS } : membership;
    return refusalOfMessage({ membership: known, facts }, draft, lastSeq);
  }
  const decision = draft.decide(stateForSender({ membership, facts }, entry));
  if (decision === 'nothing') return new NothingToDo(membership);
  if ('refusal' in decision) return decision.refusal;
  const shadow = safety.restrictions.checkAction(draft.senderId, decision.action.type, draft);
  if (shadow instanceof AppError) return shadow;
  entry.action = decision.action;
  entry.shadow = shadow;
  return undefined;
}

/**
 * Returns the state that a membership event is decided by. For restricted senders it includes their shadow
 * entries.
 */
function stateForSender({ membership, facts }: LogState, { ownActions }: Entry): LogState {
  if (ownActions.length === 0) return { membership, facts };
  const seen = foldShadow({ ...membership, members: facts }, ownActions);
  return { membership: seen, facts: seen.members };
}
