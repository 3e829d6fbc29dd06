import type { AttachmentsApi } from '../api/attachments.js';
import type {
  FileUpload,
  UploadFile,
  UploadHandle,
  UploadOptions,
  UploadsApi,
  UploadSource,
} from '../api/uploads.js';
import type { TabChannel, TabMessage } from '../connection/link.js';
import { ParleyError } from '../errors/parleyError.js';
import { isSameList } from '../observable/derived.js';
import type { ReadableStore } from '../observable/readableStore.js';
import type { CarriedContent, PendingMessage } from '../state/types.js';
import type { StoredFile } from '../storage/storage.js';
import type { UserStorage } from '../storage/userStorage.js';
import { createAttachmentsApi } from './attachments.js';
import { UploadItem } from './item.js';
import { UploadItems } from './items.js';
import type { UploadDeps, UploadsPart } from './part.js';
import type { UploadPorts } from './ports.js';
import { revokePreview, SentPreviews } from './previews.js';
import { createRow, readRows, removeRow, uriOf, writeRow, type UploadRow } from './row.js';
import { Runner } from './runner.js';
import { openSource, storable } from './source.js';

/** Shortest time between two reports of progress to other tabs, in ms. */
const TELL_EVERY_MS = 250;
const LOOK_AGAIN_MS = 20;

/**
 * Files on their way. Each is stored on the device before anything else, bytes included where the storage can, and goes on
 * after a kill from where the server says that it has come to. One of several tabs uploads; all show it.
 */
export class Uploads implements UploadsPart, UploadsApi {
  readonly #deps: UploadDeps;
  readonly #ports: UploadPorts;
  readonly #items: UploadItems;
  readonly #runner: Runner;
  readonly #sent = new SentPreviews();
  readonly #told = new Map<string, number>();
  #storage: UserStorage | undefined;
  #tabs: TabChannel | undefined;
  #leaveTabs: () => void = () => undefined;
  #lastAddedAt = 0;
  #onEntered: () => void = () => undefined;
  #entered: Promise<void> = this.#nextEntering();
  readonly store: ReadableStore<readonly FileUpload[]>;
  readonly api: UploadsApi = this;
  readonly attachments: AttachmentsApi;

  constructor(deps: UploadDeps, ports: UploadPorts) {
    this.#deps = deps;
    this.attachments = createAttachmentsApi(deps);
    this.#ports = ports;
    this.#items = new UploadItems(deps);
    this.store = this.#items.store;
    this.#runner = new Runner({
      ...{ url: deps.url, ask: deps.ask, newId: deps.newId, transfer: ports.transfer },
      items: () => this.#items.all(),
      save: (item, change) => this.#save(item, change),
      open: (item) => this.#open(item),
      onChange: (item) => this.#announce(item),
      onProgress: (item) => this.#announceProgress(item),
      onRemoved: (item) => this.#forget(item),
    });
  }

  #nextEntering(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEntered = resolve;
    });
  }

  add(file: UploadFile, options: UploadOptions = {}): UploadHandle {
    this.#lastAddedAt = Math.max(Date.now(), this.#lastAddedAt + 1);
    const row = createRow(file, options, { newId: this.#deps.newId, addedAt: this.#lastAddedAt });
    const item = new UploadItem(row, file);
    const { id } = item.row;
    this.#items.hold(item);
    const bytes = storable(file);
    const persisted = this.#persist(item, bytes);
    persisted.catch(() => undefined);
    this.#tell(item, bytes);
    this.#runner.pump();
    return { id, ready: item.whenReady(), persisted };
  }

  /** The row first: bytes without a row would never be found again. */
  async #persist(item: UploadItem, bytes: StoredFile | undefined): Promise<void> {
    // It may be added before the user is known.
    if (this.#storage === undefined) await this.#entered;
    const storage = this.#storage;
    const { id, uri } = item.row;
    const isRowSaved = await writeRow(storage, item.row);
    const isFileSaved = bytes === undefined ? uri !== undefined : await storage?.writeFile(id, bytes);
    // Cancelled while its bytes were being written.
    if (bytes !== undefined && item.row.status === 'cancelled') await storage?.removeFiles([id]);
    if (!isRowSaved || isFileSaved !== true)
      throw new ParleyError('STORAGE', 'The file is kept in memory only.');
  }

  get(id: string): FileUpload | undefined {
    return this.#items.view(id);
  }

  drafts(conversationId: string): ReadableStore<readonly FileUpload[]> {
    return this.#items.drafts(conversationId);
  }

  retry(id: string): void {
    const item = this.#items.get(id);
    if (item?.row.status !== 'failed') return;
    this.#retry(item);
    this.#runner.pump();
  }

  #retry(item: UploadItem): void {
    // The server keeps its decision about a rejected upload: another one is begun.
    const fresh = { clientAttachmentId: this.#deps.newId(), attachmentId: undefined, attachment: undefined };
    const isRejected = item.row.code === 'UPLOAD_REJECTED';
    item.sentBytes = 0;
    item.refusals = 0;
    item.phase = 'waiting';
    const change = { status: 'open', code: undefined, reason: undefined } as const;
    void this.#save(item, isRejected ? { ...change, ...fresh } : change);
  }

  cancel(id: string): void {
    const item = this.#items.get(id);
    if (item === undefined || item.row.status === 'cancelled') return;
    this.#cancel(item);
    this.#deps.dropUpload(id);
  }

  #cancel(item: UploadItem): void {
    item.halt();
    item.file = undefined;
    revokePreview(item.previewUrl);
    void this.#storage?.removeFiles([item.row.id]);
    void this.#save(item, { status: 'cancelled' });
    this.#runner.pump();
  }

  previewOf(attachmentId: string | undefined): string | undefined {
    return this.#sent.get(attachmentId);
  }

  /** Returns the files of a message; without those that are cancelled meanwhile. @throws ParleyError when one has failed */
  readonly prepare = async (entry: PendingMessage): Promise<CarriedContent> => {
    const { clientMessageId } = entry;
    const isAgain = entry.preparation === 'again';
    for (let round = 0; ; round += 1) {
      const uploads = this.#items.findMessage(clientMessageId)?.uploads;
      // It was discarded.
      if (uploads === undefined) return {};
      const items = await Promise.all(uploads.map((id) => this.#require(id)));
      if (round === 0) for (const item of items) this.#begin(item, { clientMessageId, isAgain });
      const found = await Promise.all(items.map((item) => item.whenReadyOrCancelled()));
      const attachments = found.flatMap((one) => (one === undefined ? [] : [{ attachmentId: one._id }]));
      const current = this.#items.findMessage(clientMessageId)?.uploads ?? [];
      if (attachments.length === found.length && isSameList(current, uploads)) return { attachments };
      // Another tab has cancelled one, and its change of the message is on its way.
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  };

  /** @throws ParleyError */
  async #require(id: string): Promise<UploadItem> {
    // Another tab may have added it: what it has stored is read.
    if (!this.#items.has(id)) await this.#restore();
    const item = this.#items.get(id);
    if (item === undefined) throw new ParleyError('FILE_GONE', 'The file is not on this device any more.');
    return item;
  }

  #begin(item: UploadItem, message: { clientMessageId: string; isAgain: boolean }): void {
    const { clientMessageId, isAgain } = message;
    if (item.row.clientMessageId !== clientMessageId) void this.#save(item, { clientMessageId });
    if (isAgain) item.isConfirmed = false;
    if (item.row.status === 'failed') this.#retry(item);
    this.#runner.pump();
  }

  async enter(storage: UserStorage): Promise<void> {
    this.#storage = storage;
    this.#onEntered();
    await this.#restore();
  }

  async #restore(): Promise<void> {
    const storage = this.#storage;
    for (const row of await readRows(storage)) {
      const file = row.status === 'cancelled' ? undefined : await storage?.readFile(row.id);
      if (storage !== this.#storage) return;
      if (!this.#items.has(row.id)) this.#items.hold(new UploadItem(row, file));
    }
    this.#runner.pump();
  }

  async #open(item: UploadItem): Promise<UploadSource | undefined> {
    const { id } = item.row;
    const file = item.file ?? (await this.#storage?.readFile(id)) ?? uriOf(item.row);
    if (file === undefined) return undefined;
    try {
      return await openSource(file, this.#ports.openUri);
    } catch (error) {
      this.#deps.logger.warn('a file cannot be opened', { error: String(error) });
      return undefined;
    }
  }

  async #save(item: UploadItem, change: Partial<UploadRow>): Promise<void> {
    const { row } = item;
    if (this.#items.get(row.id) !== item) return;
    // Cancelled is for good: what an attempt still learns is only where to remove it.
    item.row = {
      ...row,
      ...change,
      status: row.status === 'cancelled' ? row.status : (change.status ?? row.status),
    };
    this.#announce(item);
    item.settle();
    await writeRow(this.#storage, item.row);
    // Removed while it was being written.
    if (this.#items.get(row.id) !== item) await removeRow(this.#storage, row.id);
  }

  #announce(item: UploadItem): void {
    this.#tell(item);
    this.#items.publish();
  }

  #announceProgress(item: UploadItem): void {
    const now = Date.now();
    const { id } = item.row;
    if (Math.abs(now - (this.#told.get(id) ?? 0)) >= TELL_EVERY_MS) {
      this.#told.set(id, now);
      this.#tell(item);
    }
    this.#items.publish();
  }

  messageGone({ uploads = [] }: PendingMessage, isStored: boolean): void {
    for (const id of uploads) {
      const item = this.#items.get(id);
      if (item === undefined) continue;
      if (isStored) {
        this.#sent.keep(item.row.attachmentId, item.previewUrl);
        this.#forget(item);
      } else this.#cancel(item);
    }
  }

  /** Nothing is left to be done for it. */
  #forget(item: UploadItem): void {
    const { id } = item.row;
    item.halt();
    this.#items.delete(id);
    this.#told.delete(id);
    void removeRow(this.#storage, id);
    this.#tabs?.post({ type: 'uploadRemoved', id });
    this.#items.publish();
  }

  useTabs(tabs: TabChannel | undefined): void {
    this.#leaveTabs();
    this.#tabs = tabs;
    this.#leaveTabs = tabs?.onMessage((message) => this.#takeTabMessage(message)) ?? (() => undefined);
  }

  #tell({ row, phase, sentBytes }: UploadItem, file?: StoredFile): void {
    this.#tabs?.post({ type: 'uploadChanged', row, phase, sentBytes, file });
  }

  #takeTabMessage(message: TabMessage): void {
    if (message.type === 'uploadRemoved') {
      const item = this.#items.get(message.id);
      if (item === undefined) return;
      item.halt();
      // It may be on the screen, and its message arrive a moment later.
      this.#sent.keep(item.row.status === 'ready' ? item.row.attachmentId : undefined, item.previewUrl);
      this.#items.delete(message.id);
      this.#items.publish();
    } else if (message.type === 'uploadChanged') this.#takeChanged(message);
  }

  #takeChanged(message: Extract<TabMessage, { type: 'uploadChanged' }>): void {
    // The tabs run the same version of this protocol.
    const row = message.row as UploadRow;
    const known = this.#items.get(row.id);
    if (known === undefined) {
      this.#items.hold(new UploadItem(row, message.file as StoredFile | undefined));
      this.#runner.pump();
      return;
    }
    const { status } = known.row;
    // The leader decides about what it does; others add, retry and cancel.
    const isHeard = !this.#runner.isLeader || row.status === 'cancelled' || status === 'failed';
    if (status === 'cancelled' || !isHeard) return;
    if (row.status === 'cancelled') {
      known.halt();
      this.#deps.dropUpload(row.id);
    }
    known.row = row;
    known.sentBytes = row.status === 'failed' ? 0 : message.sentBytes;
    known.phase = message.phase as UploadItem['phase'];
    known.isConfirmed ||= !this.#runner.isLeader && row.status === 'ready';
    known.settle();
    this.#items.publish();
    this.#runner.pump();
  }

  setLeader(isLeader: boolean): void {
    const isNew = isLeader && !this.#runner.isLeader;
    this.#runner.setLeader(isLeader);
    if (isNew) void this.#restore();
  }

  start(): void {
    if (this.#runner.isLeader) this.#dropOrphans();
    this.#runner.start();
  }

  stop(): void {
    this.#runner.stop();
  }

  /** Removes what an earlier process has left of messages that are stored, or were discarded. */
  #dropOrphans(): void {
    for (const item of this.#items.all()) {
      const { clientMessageId } = item.row;
      if (clientMessageId !== undefined && this.#items.findMessage(clientMessageId) === undefined)
        this.#cancel(item);
    }
  }

  leave(): void {
    const error = new ParleyError('CLOSED', 'The user has signed out, or the client was disposed of.');
    for (const item of this.#items.all()) {
      item.halt();
      item.abandon(error);
      revokePreview(item.previewUrl);
    }
    this.#items.clear();
    this.#told.clear();
    this.#sent.clear();
    this.#storage = undefined;
    this.#entered = this.#nextEntering();
    this.#items.publish();
  }
}
