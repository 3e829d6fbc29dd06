import type { UserId } from '../../../../contract/index.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import type { Committed } from '../commitLog/entry.js';
import type { ConversationViews } from '../conversationViews.js';
import { changeOf, othersIn } from '../membership/membership.js';
import { toControlEntry } from '../membership/membershipStore.js';
import type { Publisher } from '../ports.js';

interface NewsParts {
  conversations: Pick<ConversationModel, 'findById'>;
  views: ConversationViews;
  publisher: Publisher;
}

/**
 * Tells people's devices what a control entry means for them: a conversation is theirs now, or no longer, or has to be
 * looked at again. The entry itself was announced when it was stored; should this be lost, `sync` says the same.
 */
export class GroupNews {
  readonly #parts: NewsParts;

  constructor(parts: NewsParts) {
    this.#parts = parts;
  }

  async tellChange({ message, membership, originSocketId }: Committed): Promise<void> {
    const entry = toControlEntry(message);
    if (entry === undefined) return;
    const { publisher } = this.#parts;
    const { conversationId } = message;
    const { joined, gone } = changeOf(entry);
    publisher.toUsers(
      gone,
      {
        event: 'conversation:removed',
        data: {
          conversationId,
          reason: entry.action.type === 'left' ? 'left' : 'removed',
          seq: message.seq,
        },
      },
      { exceptSocketId: originSocketId },
    );
    await this.#welcome(joined, message.conversationId, originSocketId);
    const head = { conversationId, lastSeq: message.seq, rev: 0 };
    const push = { event: 'conversation:updated' as const, data: { head, stale: true } };
    const newcomers = new Set(joined);
    if (membership.isApart) publisher.toOpen(membership, push, { exceptSocketId: originSocketId });
    else {
      const others = othersIn(membership, message.senderId).filter((userId) => !newcomers.has(userId));
      publisher.toUsers([...others, message.senderId], push, { exceptSocketId: originSocketId });
    }
  }

  /** Who was let in by the same entry sees the same: it is made once for all of them. */
  async #welcome(
    joined: readonly UserId[],
    conversationId: Committed['message']['conversationId'],
    originSocketId: string | undefined,
  ): Promise<void> {
    const { conversations, views, publisher } = this.#parts;
    const [first] = joined;
    const record = first === undefined ? undefined : await conversations.findById(conversationId);
    if (first === undefined || record === undefined) return;
    const [conversation] = await views.present(joined.at(-1) ?? first, [record]);
    if (conversation === undefined) return;
    publisher.toUsers(
      joined,
      { event: 'conversation:created', data: { conversation } },
      { exceptSocketId: originSocketId },
    );
  }
}
