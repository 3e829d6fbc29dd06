import type { MessageId, UserId } from '../../../../contract/index.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { Committed } from '../commitLog/index.js';
import { audienceOf, type Summaries } from '../derived/index.js';
import { findAbsentAt, joinedAfter } from '../membership/index.js';
import type { Publisher } from '../ports.js';
import { withoutDeliveryStatus, type MessageViews } from '../views/index.js';
import { announceEntry } from './fanOut.js';

interface MessagePublisherDeps {
  members: Pick<MemberModel, 'findAbsent'>;
  summaries: Summaries;
  views: MessageViews;
  publisher: Publisher;
}

/** Messages whose announcement by this process is remembered: far more than clients retry at a time. */
const MAX_ANNOUNCED = 100_000;

/** Announces stored messages to the members, the new ones and those that were sent again. */
export class MessagePublisher {
  readonly #deps: MessagePublisherDeps;
  /** Messages that this process has announced, oldest first. A cache library would allocate its full size at start-up. */
  readonly #announced = new Set<MessageId>();

  constructor(deps: MessagePublisherDeps) {
    this.#deps = deps;
  }

  /** Announces a batch that this process has just stored, and notes it for the summaries. Runs before the answers. */
  publish(batch: readonly Committed[]): void {
    const { summaries, views } = this.#deps;
    for (const committed of batch) {
      const { message } = committed;
      summaries.note(message, audienceOf(committed.membership));
      this.#remember(message._id);
      this.#announce(committed, { view: views.presentNew(message) });
    }
  }

  /**
   * Announces a message again that was sent again, unless this process has announced it itself. The process that stored
   * it may have died between the insert and the announcement; recipients drop what they have.
   */
  async publishRepeated(committed: Committed): Promise<void> {
    const { message } = committed;
    if (this.#announced.has(message._id)) return;
    this.#remember(message._id);
    try {
      const view = withoutDeliveryStatus(await this.#deps.views.presentOne(message));
      this.#announce(committed, { view, absent: await this.#findAbsent(committed) });
    } catch (error) {
      // The next retry announces it.
      this.#announced.delete(message._id);
      throw error;
    }
  }

  /**
   * Returns members who may not see a message that is announced again, at least. Who has joined since then loads it with the
   * history: it is not known here whether they were absent. Of channels not all members are known.
   */
  async #findAbsent({ message: { seq }, membership }: Committed): Promise<ReadonlySet<UserId>> {
    const late = joinedAfter(membership, seq);
    if (membership.type !== 'channel') return new Set(late);
    const absent = await findAbsentAt(this.#deps.members, membership, { seqs: [seq] });
    return new Set([...late, ...(absent.get(seq) ?? [])]);
  }

  #remember(id: MessageId): void {
    this.#announced.add(id);
    if (this.#announced.size <= MAX_ANNOUNCED) return;
    const [oldest] = this.#announced;
    if (oldest !== undefined) this.#announced.delete(oldest);
  }

  #announce(
    { message, membership, originSocketId }: Committed,
    { view, absent }: Pick<Parameters<typeof announceEntry>[1], 'view' | 'absent'>,
  ): void {
    announceEntry(this.#deps.publisher, {
      message,
      membership,
      exceptSocketId: originSocketId,
      view,
      absent,
    });
  }
}
