import { backoffMs } from '../connection/backoff.js';
import type { Store } from '../observable/store.js';
import type { PendingMessage } from '../state/types.js';
import type { OutboxStorage } from '../storage/outboxStorage.js';

const SAVE_RETRY = { firstMs: 1_000, maxMs: 60_000 };
/** Order of entries that were added before the stored ones were read; it is replaced then. */
const EARLY = 10 ** 14;

/** Keeps the entries of the outbox: in the state, and in the user's storage. */
export class EntryKeeper {
  readonly #store: Store;
  /** Entries that are not on the device yet. */
  readonly #unsaved = new Set<string>();
  #storage: OutboxStorage | undefined;
  #lastOrder = 0;
  #isRestored = false;
  #onRestored: () => void = () => undefined;
  #restored: Promise<void> = this.#nextRestore();

  constructor(store: Store) {
    this.#store = store;
  }

  #nextRestore(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRestored = resolve;
    });
  }

  /** Uses the storage of a user from now on. */
  useStorage(storage: OutboxStorage): void {
    this.#storage = storage;
    this.#unsaved.clear();
    this.#lastOrder = 0;
    if (!this.#isRestored) return;
    this.#isRestored = false;
    this.#restored = this.#nextRestore();
  }

  /** Changes with the user. */
  get storage(): OutboxStorage | undefined {
    return this.#storage;
  }

  find(clientMessageId: string): PendingMessage | undefined {
    return this.#store.getState().outbox.find((entry) => entry.clientMessageId === clientMessageId);
  }

  isSaved(clientMessageId: string): boolean {
    return !this.#unsaved.has(clientMessageId);
  }

  /** Takes up the stored entries that are not held. */
  async restore(): Promise<void> {
    const storage = this.#storage;
    const stored = (await storage?.read()) ?? [];
    if (storage !== this.#storage) return;
    const held = new Set(this.#store.getState().outbox.map(({ clientMessageId }) => clientMessageId));
    const entries = stored.filter(({ clientMessageId }) => !held.has(clientMessageId));
    this.#lastOrder = Math.max(this.#lastOrder, ...stored.map(({ order }) => order));
    this.#store.dispatch({ type: 'queued', entries });
    // Entries whose message is held already were not taken up: it was stored before the app ended.
    const done = entries.filter(({ clientMessageId }) => this.find(clientMessageId) === undefined);
    if (done.length > 0) void storage?.remove(done);
    this.#isRestored = true;
    this.#onRestored();
  }

  /** Returns the place of a new entry: a counter, behind all others. */
  nextOrder(): number {
    this.#lastOrder += 1;
    return this.#isRestored ? this.#lastOrder : EARLY + this.#lastOrder;
  }

  /** Another tab has used this place. */
  noteOrder(order: number): void {
    this.#lastOrder = Math.max(this.#lastOrder, order);
  }

  /**
   * Shows an entry, and stores it. When that fails, it is tried again while the entry waits.
   *
   * @returns the entry as stored and whether it was; undefined when it was discarded meanwhile
   */
  async keep(entry: PendingMessage): Promise<{ entry: PendingMessage; isSaved: boolean } | undefined> {
    const { clientMessageId } = entry;
    this.#unsaved.add(clientMessageId);
    this.#store.dispatch({ type: 'queued', entries: [entry] });
    if (!this.#isRestored) await this.#restored;
    const shown = this.find(clientMessageId);
    if (shown === undefined) return undefined;
    const kept = shown.order < EARLY ? shown : { ...shown, order: this.nextOrder() };
    if (kept !== shown) this.#store.dispatch({ type: 'queued', entries: [kept] });
    const storage = this.#storage;
    const isSaved = (await storage?.write(kept)) ?? false;
    if (storage !== this.#storage) return undefined;
    this.#unsaved.delete(clientMessageId);
    if (this.find(clientMessageId) === undefined) {
      void storage?.remove([kept]);
      return undefined;
    }
    if (!isSaved) this.#saveLater(clientMessageId, 0);
    return { entry: kept, isSaved };
  }

  /** Ends the use of the storage. */
  dispose(): void {
    this.#storage = undefined;
  }

  #saveLater(clientMessageId: string, attempt: number): void {
    const storage = this.#storage;
    setTimeout(
      () => {
        const entry = this.find(clientMessageId);
        if (entry === undefined || storage === undefined || storage !== this.#storage) return;
        void storage.write(entry).then((isSaved) => {
          if (!isSaved) this.#saveLater(clientMessageId, attempt + 1);
        });
      },
      backoffMs(attempt, SAVE_RETRY),
    );
  }
}
