import type { ConversationView, OwnView, SyncAnswer } from '../../../contract/index.js';
import type { TestClient } from '../../support/client.js';

/** What a client holds that knows nothing but what `sync` has told it. */
export class Replica {
  readonly conversations = new Map<string, ConversationView>();
  readonly own = new Map<string, OwnView>();
  totals = { totalUnread: 0, mutedUnread: 0 };
  #cursor: string | undefined;

  constructor(readonly client: TestClient) {}

  /** One round: pages until there are no more. */
  async sync(): Promise<void> {
    let answer: SyncAnswer;
    do {
      answer = await this.client.ok('sync', this.#cursor === undefined ? {} : { cursor: this.#cursor });
      this.#cursor = answer.cursor;
      for (const id of answer.removed) {
        this.conversations.delete(id);
        this.own.delete(id);
      }
      for (const own of answer.own) {
        this.own.set(own.conversationId, own);
        if (own.deleted === true) this.conversations.delete(own.conversationId);
      }
      for (const conversation of answer.conversations) this.conversations.set(conversation._id, conversation);
      this.totals = { totalUnread: answer.totalUnread, mutedUnread: answer.mutedUnread };
    } while (answer.hasMore);
  }

  /** Syncs again and again until the work is done, and once more behind it. */
  async syncWhile<Result>(work: Promise<Result>, check: () => void = () => undefined): Promise<Result> {
    const progress = { isDone: false };
    const done = work.finally(() => (progress.isDone = true));
    while (!progress.isDone) {
      await this.sync();
      check();
    }
    const result = await done;
    await this.sync();
    return result;
  }
}
