import { notParticipant, type AppError } from '../../utils/appError.js';
import { othersIn } from '../membership/membership.js';
import { blocked, refusalOfMessage } from '../membership/rules.js';
import type { Slot } from './batch.js';
import type { CommitLogParts } from './parts.js';
import { isControl, NothingToDo, type Entry } from './entry.js';
import type { Lane } from './lane.js';

type PrepareParts = Pick<CommitLogParts, 'memberships' | 'conversations' | 'messages'>;

/**
 * Reads what lanes do not know yet: who is in the conversation, and where its log ends. A cold lane takes the end
 * from the conversation's summary: it may lag, and then the unique index says so. Whoever reads an end behind a control
 * entry that the membership does not know of reads that, too.
 */
export async function loadLanes(parts: PrepareParts, slots: readonly Slot[]): Promise<void> {
  const lanes = slots.map(({ lane }) => lane);
  const cold = lanes.filter((lane) => lane.membership === undefined);
  if (cold.length > 0) await loadCold(parts, cold);
  await Promise.all(
    lanes
      .filter((lane) => lane.membership !== undefined && lane.tail === undefined)
      .map(async (lane) => {
        lane.tail = (await parts.messages.findTail(lane.conversationId, lane.knownSeq)) ?? EMPTY;
      }),
  );
  await Promise.all(
    lanes
      .filter(({ membership, tail }) => membership !== undefined && membership.control < (tail?.control ?? 0))
      .map(async (lane) => {
        lane.membership = await parts.memberships.current(lane.conversationId);
      }),
  );
  await loadFacts(parts, slots);
}

const EMPTY = { seq: 0, n: 0, control: 0 };

async function loadCold(parts: PrepareParts, cold: readonly Lane[]): Promise<void> {
  const found = await parts.conversations.findByIds(cold.map(({ conversationId }) => conversationId));
  const memberships = await parts.memberships.known(found);
  const byId = new Map(found.map((conversation) => [conversation._id, conversation]));
  for (const lane of cold) {
    const conversation = byId.get(lane.conversationId);
    lane.membership = conversation && memberships.get(lane.conversationId);
    if (conversation === undefined || lane.membership === undefined) continue;
    const { lastSeq, messageCount, tailControl } = conversation;
    lane.knownSeq = Math.max(lane.knownSeq, lastSeq);
    lane.tail ??= { seq: lastSeq, n: messageCount, control: tailControl };
  }
}

/** Who sends, and whom control entries are about: of a channel not everybody is known. */
async function loadFacts({ memberships }: PrepareParts, slots: readonly Slot[]): Promise<void> {
  await Promise.all(
    slots.map(async ({ lane, entries }) => {
      if (lane.membership === undefined) return;
      const about = entries.flatMap(({ draft }) => [
        draft.senderId,
        ...(isControl(draft) ? draft.about : []),
      ]);
      lane.facts = await memberships.complete(lane.membership, about);
    }),
  );
}

/** Judges again by the log itself, and no longer by what is remembered of it. */
export async function reloadLanes(parts: PrepareParts, slots: readonly Slot[]): Promise<void> {
  await Promise.all(
    slots.map(async ({ lane }) => {
      const tail = await parts.messages.findTail(lane.conversationId, lane.knownSeq);
      if (tail !== undefined) lane.noteStored(tail);
      lane.membership = await parts.memberships.current(lane.conversationId);
    }),
  );
  await loadLanes(parts, slots);
}

export interface Refused {
  lane: Lane;
  entry: Entry;
  error: AppError | NothingToDo;
}

/** Judges every waiting entry anew, at each attempt for a place. */
export function authoriseSlots(
  slots: readonly Slot[],
  safety: CommitLogParts['safety'],
): { allowed: Slot[]; refused: Refused[] } {
  const refused: Refused[] = [];
  const allowed = slots.map(({ lane, entries }) => {
    let end = lane.tail?.seq ?? 0;
    const kept = entries.filter((entry) => {
      const error = refusalOf(lane, entry, end) ?? refusalOfPair(lane, entry, safety);
      if (error === undefined) end += 1;
      else refused.push({ lane, entry, error });
      return error === undefined;
    });
    return { lane, entries: kept };
  });
  return { allowed, refused };
}

/**
 * A block is written to the log of the pair after it is stored by itself: should the process die in between, what is
 * stored holds.
 */
function refusalOfPair(
  { membership }: Lane,
  { draft }: Entry,
  safety: CommitLogParts['safety'],
): AppError | undefined {
  if (membership?.type !== 'direct' || isControl(draft)) return undefined;
  return othersIn(membership, draft.senderId).some((other) => safety.areApart(draft.senderId, other))
    ? blocked()
    : undefined;
}

/** Of a control entry that may go, what it is to do is kept with it. */
function refusalOf({ membership, facts }: Lane, entry: Entry, end: number): Refused['error'] | undefined {
  if (membership === undefined) return notParticipant();
  const { draft } = entry;
  if (!isControl(draft)) return refusalOfMessage({ membership, facts }, draft, end);
  const decision = draft.decide({ membership, facts });
  if (decision === 'nothing') return new NothingToDo(membership);
  if ('refusal' in decision) return decision.refusal;
  entry.action = decision.action;
  return undefined;
}
