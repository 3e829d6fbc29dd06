/** How conversations and messages are written to the device. Another version is dropped, and loaded from the server again. */
import { newestRun } from '../state/log.js';
import type { ClientState, ConversationRecord, LogEntry } from '../state/types.js';
import { parseStored } from './userStorage.js';

export const CACHE_VERSION = 2;

/** Entries per stored value: a new message rewrites one of them. */
const BLOCK = 50;
/** Newest entries stored per conversation. */
const MAX_ENTRIES = 300;

/** Messages of one conversation in the storage: a range without gaps. */
export interface StoredLog {
  fromSeq: number;
  toSeq: number;
  /** They show every change up to this one. */
  seenRev: number;
  /** `logVersion` of the conversation: another one means that they must not be shown. */
  version: number;
}

export interface StoredConversation {
  record: ConversationRecord;
  readSeq: number | undefined;
  log: StoredLog | undefined;
}

/** Everything else that belongs to the cursor. */
export interface StoredMeta extends Pick<
  ClientState,
  'listCursor' | 'isListComplete' | 'unreadElsewhere' | 'cursor' | 'epoch'
> {
  version: number;
  /** Client that has written last: another one finds that it does not know what is stored. */
  writer: string;
  /** Fewer stored conversations mean that others were removed behind this client's back, as by another window. */
  conversationCount: number;
}

export type Block = readonly LogEntry[];

const blockOf = (seq: number): number => Math.floor(seq / BLOCK);

export const blockKey = (conversationId: string, block: number): string =>
  `${conversationId}/${String(block).padStart(12, '0')}`;

/** Returns the keys of all blocks of a stored log. */
export function blockKeys(conversationId: string, { fromSeq, toSeq }: StoredLog): string[] {
  const keys: string[] = [];
  for (let block = blockOf(fromSeq); block <= blockOf(toSeq); block += 1)
    keys.push(blockKey(conversationId, block));
  return keys;
}

/** Cuts the newest entries of a log, as far as they have no gap, into blocks by their key. */
export function toBlocks(
  conversationId: string,
  log: readonly LogEntry[],
): { range: Pick<StoredLog, 'fromSeq' | 'toSeq'>; blocks: Map<string, Block> } | undefined {
  const run = newestRun(log);
  if (run === undefined) return undefined;
  const oldest = run.toSeq - MAX_ENTRIES + 1;
  // The range begins with a whole block: a window that moved by one entry would rewrite its first block each time.
  const fromSeq = oldest > run.fromSeq ? blockOf(oldest + BLOCK - 1) * BLOCK : run.fromSeq;
  const blocks = new Map<string, LogEntry[]>();
  for (const entry of log.slice(-(run.toSeq - fromSeq + 1))) {
    const key = blockKey(conversationId, blockOf(entry.seq));
    const block = blocks.get(key);
    if (block === undefined) blocks.set(key, [entry]);
    else block.push(entry);
  }
  return { range: { fromSeq, toSeq: run.toSeq }, blocks };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** The values were written by this version (`StoredMeta.version`), so that only damage needs to be detected. */
export function parseConversation(value: string): StoredConversation | undefined {
  const parsed = parseStored(value);
  return isObject(parsed) && 'record' in parsed && isObject(parsed.record)
    ? (parsed as StoredConversation)
    : undefined;
}

export function parseMeta(value: string | undefined): StoredMeta | undefined {
  const parsed = parseStored(value);
  return isObject(parsed) && 'version' in parsed && parsed.version === CACHE_VERSION
    ? (parsed as StoredMeta)
    : undefined;
}

export function parseBlock(value: string): Block {
  const parsed = parseStored(value);
  return Array.isArray(parsed) ? (parsed as Block) : [];
}
