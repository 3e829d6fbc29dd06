import { v4 as uuid } from 'uuid';
import type { ConversationId, UserId } from '../../../../contract/index.js';
import { unavailable } from '../../utils/appError.js';
import { SharedDeadline } from '../../utils/deadline.js';
import type { CommitLog } from './commitLog.js';
import { NothingToDo, type Committed, type MembershipEventDraft } from './entry.js';
import type { MembershipWriter } from '../membership/index.js';

interface MembershipEventLogDeps {
  commitLog: CommitLog;
  membershipWriter: MembershipWriter;
  /** Deadline of `commit`, in ms. After it, `commit` throws `UNAVAILABLE`, and the event may still be stored. */
  sendTimeoutMs: number;
}

/** Request to change the members or the settings of a conversation. */
export interface MembershipRequest extends Pick<
  MembershipEventDraft,
  'decide' | 'originSocketId' | 'isTrusted'
> {
  conversationId: ConversationId;
  caller: UserId;
  about?: readonly UserId[];
}

/** Maximum time that an answer waits for the member documents to be written, in ms. The event is stored either way. */
const SETTLE_MS = 2_000;

/** Appends membership events to the logs of conversations. */
export class MembershipEventLog {
  readonly #deps: MembershipEventLogDeps;
  readonly #deadline: SharedDeadline;

  constructor(deps: MembershipEventLogDeps) {
    this.#deps = deps;
    this.#deadline = new SharedDeadline(deps.sendTimeoutMs);
  }

  /**
   * Decides and stores a membership event. Unless writing them takes longer than `SETTLE_MS`, its effects on member
   * documents can be read afterwards.
   *
   * @returns undefined when the event would change nothing.
   * @throws AppError the refusal of the decision, `UNAVAILABLE` (safe to retry: an effect is not applied twice).
   */
  async commit({
    conversationId,
    caller,
    decide,
    about = [],
    originSocketId,
    isTrusted,
  }: MembershipRequest): Promise<Committed | undefined> {
    const { commitLog, membershipWriter } = this.#deps;
    const entry = commitLog.append({
      conversationId,
      senderId: caller,
      clientMessageId: `sys:${uuid()}`,
      payloadHash: '',
      decide,
      about,
      originSocketId,
      isTrusted,
    });
    try {
      const committed = await this.#deadline.race(entry.promise, () =>
        unavailable('The database has not answered yet; try again.'),
      );
      await membershipWriter.settled(conversationId, SETTLE_MS);
      return committed;
    } catch (error) {
      if (error instanceof NothingToDo) return undefined;
      throw error;
    }
  }
}
