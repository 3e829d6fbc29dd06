import type { ConversationView, SettingsView, SyncAnswer } from '../../../contract/index.js';
import type { TestClient } from '../../support/client.js';

/** State of a client that knows only what `sync` returns. */
export class Replica {
  readonly conversations = new Map<string, ConversationView>();
  readonly settings = new Map<string, SettingsView>();
  totals = { totalUnread: 0, mutedUnread: 0 };
  #cursor: string | undefined;

  constructor(readonly client: TestClient) {}

  /** Syncs one round: pages until there are no more. */
  async sync(): Promise<void> {
    let answer: SyncAnswer;
    do {
      answer = await this.client.ok('sync', this.#cursor === undefined ? {} : { cursor: this.#cursor });
      this.#cursor = answer.cursor;
      for (const id of answer.removed) {
        this.conversations.delete(id);
        this.settings.delete(id);
      }
      for (const settings of answer.settings) {
        this.settings.set(settings.conversationId, settings);
        if (settings.deleted === true) this.conversations.delete(settings.conversationId);
      }
      for (const conversation of answer.conversations) this.conversations.set(conversation._id, conversation);
      this.totals = { totalUnread: answer.totalUnread, mutedUnread: answer.mutedUnread };
    } while (answer.hasMore);
  }

  /** Syncs repeatedly until the work is done, and once more afterwards. */
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
