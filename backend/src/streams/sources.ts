import { z } from 'zod';
import type { ConversationId, ConversationView, HeadView } from '../../../contract/index.js';
import { CannotReplay, type Replay } from './replay.js';
import type { ConversationPositions, UserPositions } from './positions.js';

/** Subject of a stream, and how it catches up. */
export interface StreamSource {
  readonly positions: UserPositions | ConversationPositions;
  /** True when the stream ends because the user may no longer read one conversation. */
  readonly endsWithMembership: boolean;
  /** True for events that belong to this stream. */
  concerns(data: unknown): boolean;
  /** Delivers everything that was stored and not delivered. */
  catchUp(replay: Replay): Promise<void>;
}

const conversationIdOf = z
  .union([
    z.object({ conversationId: z.string() }).transform(({ conversationId }) => conversationId),
    z.object({ head: z.object({ conversationId: z.string() }) }).transform(({ head }) => head.conversationId),
    z
      .object({ conversation: z.object({ _id: z.string() }) })
      .transform(({ conversation }) => conversation._id),
  ])
  .optional()
  .catch(undefined);

/** Returns the conversation that a push is about. */
export const conversationOf = (data: unknown): ConversationId | undefined =>
  conversationIdOf.parse(data) as ConversationId | undefined;

const headOf = ({ _id, lastSeq, rev }: ConversationView): HeadView => ({ conversationId: _id, lastSeq, rev });

/** Everything that the user hears. */
export class UserSource implements StreamSource {
  /** Conversations as they were delivered last, to leave out those that did not change. */
  readonly #delivered = new Map<string, string>();

  readonly endsWithMembership = false;

  constructor(readonly positions: UserPositions) {}

  concerns(): boolean {
    return true;
  }

  async catchUp(replay: Replay): Promise<void> {
    for (;;) {
      const page = await replay.read('sync', { cursor: this.positions.cursor });
      if (page.reload === true) throw new CannotReplay('CONFLICT');
      for (const conversation of page.conversations) await this.#deliver(replay, conversation);
      for (const settings of page.settings) this.#deliverOnce(replay, 'conversation:settings', settings);
      for (const conversationId of page.removed as ConversationId[]) {
        this.positions.forget(conversationId);
        this.#deliverOnce(replay, 'conversation:removed', { conversationId, reason: 'left' });
      }
      this.positions.advance(page.cursor);
      if (!page.hasMore) return;
    }
  }

  async #deliver(replay: Replay, conversation: ConversationView): Promise<void> {
    const { _id, isLarge, lastSeq, rev } = conversation;
    this.#deliverOnce(replay, 'conversation:updated', { conversation, head: headOf(conversation) });
    // Of large groups and channels a user hears the head; their messages have streams of their own.
    if (isLarge) return;
    try {
      await replay.messages(_id, lastSeq);
      await replay.changes(_id, rev);
    } catch (error) {
      // Removed from it since: `sync` tells that.
      if (!(error instanceof CannotReplay && error.code === 'NOT_PARTICIPANT')) throw error;
    }
  }

  /** Rounds of `sync` overlap: what was delivered in this form is left out. */
  #deliverOnce(replay: Replay, event: string, data: object): void {
    const key = `${event} ${conversationOf(data)}`;
    const text = JSON.stringify(data);
    if (this.#delivered.get(key) === text) return;
    this.#delivered.delete(key);
    this.#delivered.set(key, text);
    const [oldest] = this.#delivered.keys();
    if (this.#delivered.size > MAX_COMPARED && oldest !== undefined) this.#delivered.delete(oldest);
    replay.deliver(event, data);
  }
}

/** Bounds the memory of a stream. */
const MAX_COMPARED = 50;

/** The events of one conversation. */
export class ConversationSource implements StreamSource {
  readonly endsWithMembership = true;

  constructor(readonly positions: ConversationPositions) {}

  concerns(data: unknown): boolean {
    return conversationOf(data) === this.positions.id;
  }

  async catchUp(replay: Replay): Promise<void> {
    const { id } = this.positions;
    const { conversation } = await replay.read('getConversation', { conversationId: id });
    const { seq = 0, rev = 0 } = this.positions.of(id) ?? {};
    // The database was restored to an earlier state.
    if (conversation.lastSeq < seq || conversation.rev < rev) throw new CannotReplay('CONFLICT');
    await replay.messages(id, conversation.lastSeq);
    await replay.changes(id, conversation.rev);
  }
}
