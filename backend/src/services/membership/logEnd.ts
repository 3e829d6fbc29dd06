import type { ChangedMessages } from '../../models/changedMessages.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import type { Membership } from './membership.js';
import type { MembershipStore } from './membershipStore.js';

interface LogEndDeps {
  changedMessages: Pick<ChangedMessages, 'findBySeqs'>;
  memberships: MembershipStore;
}

export interface LogEnd {
  messages: MessageRecord[];
  /** Membership at the end of the log; undefined for a damaged conversation. */
  membership: Membership | undefined;
}

/**
 * Reads messages and the end of their log in one query. The last entry of a log names its last membership event, so a held
 * membership that includes this event is the current one. When none is held, that of the conversation is tried.
 *
 * @param record the conversation, read before. Its `lastSeq` may be behind the log.
 */
export async function readWithEnd(
  { changedMessages, memberships }: LogEndDeps,
  record: ConversationRecord,
  seqs: readonly number[],
): Promise<LogEnd> {
  const { _id, lastSeq } = record;
  const ends = [lastSeq, lastSeq + 1].filter((seq) => seq > 0);
  const found = await changedMessages.findBySeqs(_id, [...seqs, ...ends]);
  const last = found.at(-1);
  // `seq` has no gap: without an entry after the last known one, that one is the end.
  const control = (last?.seq ?? 0) === lastSeq ? (last?.control ?? 0) : undefined;
  if (control !== undefined) await memberships.known([record]);
  return {
    messages: found.filter(({ seq }) => seqs.includes(seq)),
    membership: await memberships.asOf(_id, control),
  };
}
