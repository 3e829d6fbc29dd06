import { isSameList } from '../observable/derived.js';
import type { Store } from '../observable/store.js';
import type { StoredState } from '../state/actions.js';
import type { ClientState, ConversationRecord, LogEntry } from '../state/types.js';
import {
  blockKeys,
  CACHE_VERSION,
  parseBlock,
  parseConversation,
  parseMeta,
  toBlocks,
  type Block,
  type StoredConversation,
  type StoredLog,
  type StoredMeta,
} from './cacheFormat.js';
import type { StorageCollection, StorageWrite } from './storage.js';
import type { UserStorage } from './userStorage.js';

const WRITE_AFTER_MS = 500;
const MAX_CONVERSATIONS = 1_000;
const COLLECTIONS: readonly StorageCollection[] = ['meta', 'conversations', 'messages'];
const META_KEY = 'cursor';

/** A conversation as it was written last. */
interface Written {
  record: ConversationRecord;
  readSeq: number | undefined;
  log: readonly LogEntry[] | undefined;
  blocks: ReadonlyMap<string, Block>;
}

const NO_BLOCKS: ReadonlyMap<string, Block> = new Map();

interface CacheDeps {
  store: Store;
  storage: UserStorage;
  /** A random name of this client. */
  writer: string;
  /** Stored messages were read because newer ones came: changes and messages between them may be missing. */
  onRestored: (conversationId: string) => void;
}

/**
 * Keeps the newest of what was loaded on the device, so that a restart shows it at once. The cursor is written together with
 * the data that it stands for: they never disagree. Messages are read when their conversation is opened or changes.
 */
export class Cache {
  readonly #store: Store;
  readonly #storage: UserStorage;
  readonly #writer: string;
  readonly #onRestored: CacheDeps['onRestored'];
  readonly #unsubscribe: () => void;
  /** Logs that are stored and were not read yet. */
  readonly #unread = new Map<string, StoredLog>();
  #written = new Map<string, Written>();
  #writtenMeta: string | undefined;
  /** The client that has written what this one has read. */
  #knownWriter: string | undefined;
  #isWriting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Reads and writes, one after another. */
  #tasks: Promise<unknown> = Promise.resolve();

  constructor({ store, storage, writer, onRestored }: CacheDeps) {
    this.#store = store;
    this.#storage = storage;
    this.#writer = writer;
    this.#onRestored = onRestored;
    this.#unsubscribe = store.onChange((state, before) => {
      const isSame =
        state.conversations === before.conversations &&
        state.logs === before.logs &&
        state.reads === before.reads &&
        state.cursor === before.cursor;
      if (!isSame && this.#isWriting) this.#timer ??= setTimeout(() => void this.flush(), WRITE_AFTER_MS);
    });
  }

  #enqueue<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#tasks.then(task);
    this.#tasks = result.catch(() => undefined);
    return result;
  }

  /** Reads the conversations; undefined when nothing usable is stored. */
  async read(): Promise<StoredState | undefined> {
    const [meta, stored] = await Promise.all([
      this.#storage.readMany('meta', [META_KEY]),
      this.#storage.readAll('conversations'),
    ]);
    const known = parseMeta(meta?.[0]?.value);
    if (known === undefined || stored?.length !== known.conversationCount) return undefined;
    const conversations: Record<string, ConversationRecord> = {};
    const reads: Record<string, number> = {};
    for (const { value } of stored) {
      const parsed = parseConversation(value);
      if (parsed === undefined) continue;
      const { record, readSeq, log } = parsed;
      conversations[record.id] = record;
      if (readSeq !== undefined) reads[record.id] = readSeq;
      if (log !== undefined) this.#unread.set(record.id, log);
      this.#written.set(record.id, { record, readSeq, log: undefined, blocks: NO_BLOCKS });
    }
    this.#knownWriter = known.writer;
    const { listCursor, isListComplete, unreadElsewhere, cursor, epoch } = known;
    return { conversations, reads, listCursor, isListComplete, unreadElsewhere, cursor, epoch };
  }

  /** Only the leader of several tabs writes; the others would overwrite newer data. */
  setWriting(isWriting: boolean): void {
    if (isWriting === this.#isWriting) return;
    this.#isWriting = isWriting;
    if (isWriting) void this.#enqueue(() => this.#begin());
    else {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }

  /** Begins anew when another client has written since: what is stored is unknown then. */
  async #begin(): Promise<void> {
    const meta = await this.#storage.readMany('meta', [META_KEY]);
    if (this.#knownWriter !== undefined && parseMeta(meta?.[0]?.value)?.writer === this.#knownWriter) return;
    await this.#clear();
    this.#timer ??= setTimeout(() => void this.flush(), WRITE_AFTER_MS);
  }

  async #clear(): Promise<void> {
    this.#unread.clear();
    this.#written = new Map();
    this.#writtenMeta = undefined;
    await this.#storage.clear(COLLECTIONS);
  }

  /** Everything stored is wrong. */
  drop(): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#isWriting) await this.#clear();
      else this.#unread.clear();
    });
  }

  /** Reads the stored messages of a conversation into the state, unless that was done. */
  restoreLog(conversationId: string): Promise<void> {
    if (!this.#unread.has(conversationId)) return Promise.resolve();
    return this.#enqueue(() => this.#restoreLogs([conversationId]));
  }

  async #restoreLogs(ids: readonly string[]): Promise<void> {
    const wanted = ids.flatMap((id) => {
      const log = this.#unread.get(id);
      return log === undefined ? [] : [{ id, log, keys: blockKeys(id, log) }];
    });
    if (wanted.length === 0) return;
    const stored = await this.#storage.readMany(
      'messages',
      wanted.flatMap(({ keys }) => keys),
    );
    const blocks = new Map((stored ?? []).map(({ key, value }) => [key, parseBlock(value)]));
    for (const { id, log, keys } of wanted) {
      // Dropped meanwhile.
      if (!this.#unread.delete(id)) continue;
      const entries = keys.flatMap((key) => blocks.get(key) ?? []);
      const known = this.#written.get(id);
      const read = new Map(keys.map((key) => [key, blocks.get(key) ?? []]));
      if (known !== undefined) this.#written.set(id, { ...known, blocks: read });
      const isCurrent = this.#store.getState().conversations[id]?.logVersion === log.version;
      if (!isCurrent) continue;
      this.#store.dispatch({ type: 'logRestored', conversationId: id, entries, seenRev: log.seenRev });
    }
  }

  /** Writes what has changed since the last write. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#isWriting) return Promise.resolve();
    return this.#enqueue(() => this.#write());
  }

  async #write(): Promise<void> {
    const grown = [...this.#unread.keys()].filter((id) => this.#store.getState().logs[id] !== undefined);
    await this.#restoreLogs(grown);
    for (const id of grown) this.#onRestored(id);
    const state = this.#store.getState();
    // Without a cursor there is nothing to continue from, and the list may be half loaded.
    if (state.cursor === undefined || state.epoch === undefined) return;
    const kept = keptConversations(state);
    const next = new Map<string, Written>();
    const writes: StorageWrite[] = [];
    for (const record of kept) next.set(record.id, this.#writeConversation(state, record, writes));
    for (const [id, known] of this.#written) {
      if (!next.has(id)) writes.push(...this.#removalOf(id, known));
    }
    const meta = JSON.stringify(metaOf(state, kept.length, this.#writer));
    if (writes.length === 0 && meta === this.#writtenMeta) return;
    writes.push({ collection: 'meta', key: META_KEY, value: meta });
    if (!(await this.#storage.write(writes))) return;
    for (const id of [...this.#unread.keys()]) if (!next.has(id)) this.#unread.delete(id);
    this.#written = next;
    this.#writtenMeta = meta;
    this.#knownWriter = this.#writer;
  }

  #writeConversation(state: ClientState, record: ConversationRecord, writes: StorageWrite[]): Written {
    const { id } = record;
    const readSeq = state.reads[id];
    const log = state.logs[id];
    const known = this.#written.get(id);
    if (known?.record === record && known.readSeq === readSeq && known.log === log) return known;
    const unread = this.#unread.get(id);
    const cut = unread === undefined && log !== undefined ? toBlocks(id, log) : undefined;
    const blocks = cut?.blocks ?? NO_BLOCKS;
    for (const [key, block] of blocks) {
      const before = known?.blocks.get(key);
      if (before !== undefined && isSameList(before, block)) continue;
      writes.push({ collection: 'messages', key, value: JSON.stringify(block) });
    }
    for (const key of known?.blocks.keys() ?? []) {
      if (!blocks.has(key)) writes.push({ collection: 'messages', key, value: undefined });
    }
    const stored: StoredConversation = {
      record,
      readSeq,
      log: unread ?? (cut && { ...cut.range, seenRev: record.seenRev, version: record.logVersion }),
    };
    writes.push({ collection: 'conversations', key: id, value: JSON.stringify(stored) });
    return { record, readSeq, log, blocks };
  }

  #removalOf(id: string, { blocks }: Written): StorageWrite[] {
    const unread = this.#unread.get(id);
    const keys = unread === undefined ? [...blocks.keys()] : blockKeys(id, unread);
    return [
      { collection: 'conversations', key: id, value: undefined },
      ...keys.map((key) => ({ collection: 'messages' as const, key, value: undefined })),
    ];
  }

  /** Ends all timers. A write that is under way is finished. */
  async dispose(): Promise<void> {
    this.#unsubscribe();
    clearTimeout(this.#timer);
    this.#isWriting = false;
    await this.#tasks;
  }
}

/** Returns the conversations to be stored: all, or the newest ones. */
function keptConversations({ conversations }: ClientState): ConversationRecord[] {
  const all = Object.values(conversations);
  if (all.length <= MAX_CONVERSATIONS) return all;
  const rank = ({ pinnedAt, lastMessageAt }: ConversationRecord): string =>
    `${pinnedAt === undefined ? 0 : 1}${lastMessageAt}`;
  const ranked = all.map((record) => ({ record, rank: rank(record) }));
  ranked.sort((a, b) => (a.rank > b.rank ? -1 : Number(a.rank < b.rank)));
  return ranked.slice(0, MAX_CONVERSATIONS).map(({ record }) => record);
}

function metaOf(state: ClientState, conversationCount: number, writer: string): StoredMeta {
  const isWhole = conversationCount === Object.keys(state.conversations).length;
  return {
    version: CACHE_VERSION,
    writer,
    conversationCount,
    // The pages of a list that was cut are read again from the start.
    listCursor: isWhole ? state.listCursor : undefined,
    isListComplete: isWhole && state.isListComplete,
    unreadElsewhere: state.unreadElsewhere,
    cursor: state.cursor,
    epoch: state.epoch,
  };
}
