import { v4 as uuid } from 'uuid';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { unavailable } from '../utils/appError.js';
import { SharedDeadline } from '../utils/deadline.js';
import type { CommitLog } from './commitLog/commitLog.js';
import { NothingToDo, type Committed, type ControlDraft } from './commitLog/entry.js';
import type { MembershipWriter } from './membership/membershipWriter.js';

interface ControlLogParts {
  commitLog: CommitLog;
  membershipWriter: MembershipWriter;
  /** After this long a change is answered `UNAVAILABLE`, in ms; it goes on all the same. */
  sendTimeoutMs: number;
}

/** A wish about who is in a conversation and what may happen there. */
export interface Wish extends Pick<ControlDraft, 'decide' | 'originSocketId'> {
  conversationId: ConversationId;
  caller: UserId;
  about?: readonly UserId[];
}

/** An answer waits so long for what follows from an entry, in ms; the entry itself counts either way. */
const SETTLE_MS = 2_000;

/** Writes control entries into conversations' logs. */
export class ControlLog {
  readonly #parts: ControlLogParts;
  readonly #deadline: SharedDeadline;

  constructor(parts: ControlLogParts) {
    this.#parts = parts;
    this.#deadline = new SharedDeadline(parts.sendTimeoutMs);
  }

  /**
   * Decides and stores a control entry; what follows from it can be read afterwards, in the usual case.
   *
   * @returns undefined when nothing was left to do.
   * @throws AppError what the decision says, `UNAVAILABLE` (ask again: what is done already is not done twice).
   */
  async commit({
    conversationId,
    caller,
    decide,
    about = [],
    originSocketId,
  }: Wish): Promise<Committed | undefined> {
    const { commitLog, membershipWriter } = this.#parts;
    const entry = commitLog.append({
      ...{ conversationId, senderId: caller, clientMessageId: `sys:${uuid()}`, payloadHash: '' },
      ...{ decide, about, originSocketId },
    });
    try {
      const committed = await this.#deadline.race(entry.promise, () =>
        unavailable('The database has not answered yet; ask again.'),
      );
      await membershipWriter.settled(conversationId, SETTLE_MS);
      return committed;
    } catch (error) {
      if (error instanceof NothingToDo) return undefined;
      throw error;
    }
  }
}
