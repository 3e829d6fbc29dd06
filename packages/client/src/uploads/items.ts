import type { FileUpload } from '../api/uploads.js';
import { derive, keepList } from '../observable/derived.js';
import type { ReadableStore } from '../observable/readableStore.js';
import type { PendingMessage } from '../state/types.js';
import type { UploadItem } from './item.js';
import type { UploadDeps } from './part.js';
import { createPreview } from './previews.js';
import { uriOf } from './row.js';
import { ValueStore } from './valueStore.js';

type ItemDeps = Pick<UploadDeps, 'store' | 'logger'>;
type Shown = readonly FileUpload[];

/** All uploads in memory, and what apps see of them. */
export class UploadItems {
  readonly #deps: ItemDeps;
  readonly #items = new Map<string, UploadItem>();
  readonly #drafts = new Map<string, ReadableStore<Shown>>();
  readonly store: ValueStore<Shown>;

  constructor(deps: ItemDeps) {
    this.#deps = deps;
    this.store = new ValueStore<Shown>([], (error) =>
      deps.logger.error('a listener has thrown', { error: String(error) }),
    );
    // The outbox knows which message has an upload.
    deps.store.onChange((state, before) => {
      if (state.outbox !== before.outbox && this.#items.size > 0) this.publish();
    });
  }

  /** Oldest first. */
  all(): UploadItem[] {
    return [...this.#items.values()].sort((a, b) => a.row.addedAt - b.row.addedAt);
  }

  get(id: string): UploadItem | undefined {
    return this.#items.get(id);
  }

  has(id: string): boolean {
    return this.#items.has(id);
  }

  hold(item: UploadItem): void {
    const { id, kind, mimeType, status, sizeBytes } = item.row;
    this.#items.set(id, item);
    if (kind !== 'file' && status !== 'cancelled')
      item.previewUrl = createPreview(item.file ?? uriOf(item.row), mimeType);
    if (status === 'ready') item.sentBytes = sizeBytes;
    this.publish();
  }

  delete(id: string): boolean {
    return this.#items.delete(id);
  }

  clear(): void {
    this.#items.clear();
  }

  view(id: string): FileUpload | undefined {
    return this.store.getSnapshot().find((one) => one.id === id);
  }

  drafts(conversationId: string): ReadableStore<Shown> {
    const known = this.#drafts.get(conversationId);
    if (known !== undefined) return known;
    const isDraft = (one: FileUpload): boolean =>
      one.conversationId === conversationId && one.clientMessageId === undefined;
    const drafts = derive<Shown, Shown>(this.store, (all, previous) =>
      keepList(previous, all.filter(isDraft)),
    );
    this.#drafts.set(conversationId, drafts);
    return drafts;
  }

  findMessage(id: string): PendingMessage | undefined {
    return this.#deps.store.getState().outbox.find(({ clientMessageId }) => clientMessageId === id);
  }

  publish(): void {
    const { outbox } = this.#deps.store.getState();
    const messages = new Map(
      outbox.flatMap(({ uploads = [], clientMessageId }) => uploads.map((id) => [id, clientMessageId])),
    );
    const views = this.all()
      .filter(({ row }) => row.status !== 'cancelled')
      .map((item) => item.view(messages.get(item.row.id)));
    this.store.set(keepList(this.store.getSnapshot(), views));
  }
}
