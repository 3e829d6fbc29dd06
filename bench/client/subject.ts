/** The measured process: one SDK client at a time, commanded over IPC. */
import { io } from 'socket.io-client';
import {
  createParleyClient,
  memoryStorage,
  type ParleyClient,
  type ParleyStorage,
  type StorageCollection,
} from '../../packages/client/src/index.js';
import { conversationIdOf, USER } from './generate.js';

/** A value of the device's storage. */
export interface StoredValue {
  collection: StorageCollection;
  key: string;
  value: string;
}

/** Milliseconds of the client and of its baseline, in the same round. */
export interface TimePair {
  clientMs: number;
  baselineMs: number;
}

/** Bytes of the heap that the client holds, and of the same data as `JSON.parse` gives it. */
export interface MemoryPair {
  clientBytes: number;
  baselineBytes: number;
}

export interface SubjectCommands {
  /** Loads the list and the messages of some conversations. @returns what a device then has stored */
  fill: {
    input: { url: string; conversations: number; opened: number; messages: number };
    output: StoredValue[];
  };
  /** From `createParleyClient` to the first list, without a network. Baseline: `JSON.parse` of the values that it reads. */
  firstList: { input: { stored: StoredValue[]; conversations: number; rounds: number }; output: TimePair[] };
  /** Opens conversations from the storage, without a network. Baseline: `JSON.parse` of their stored messages. */
  openStored: {
    input: { stored: StoredValue[]; opened: number; messages: number; rounds: number };
    output: TimePair[];
  };
  memory: {
    input: { stored: StoredValue[]; opened: number; messages: number };
    output: { list: MemoryPair; opened: MemoryPair };
  };
  /** From the first packet to `online`. Baseline: the same `sync` calls over a bare socket. */
  resync: { input: { url: string; stored: StoredValue[]; rounds: number }; output: TimePair[] };
}

export type SubjectCommandName = keyof SubjectCommands;
export interface SubjectRequest {
  name: SubjectCommandName;
  input: SubjectCommands[SubjectCommandName]['input'];
}
export type SubjectReply = { output: SubjectCommands[SubjectCommandName]['output'] } | { error: string };

/** Nothing listens there. */
const NO_NETWORK = 'http://127.0.0.1:9';
const COLLECTIONS: readonly StorageCollection[] = ['outbox', 'meta', 'conversations', 'messages', 'uploads'];

/** A token whose payload only tells the user: the stub does not check it. */
const TOKEN = ['', JSON.stringify({ sub: USER, iat: 0, exp: 86_400 }), '']
  .map((part) => Buffer.from(part).toString('base64url'))
  .join('.');

const createClient = (url: string, storage: ParleyStorage): ParleyClient =>
  createParleyClient({
    url,
    storage,
    userId: USER,
    transports: ['websocket'],
    getToken: () => Promise.resolve(TOKEN),
  });

async function until(check: () => boolean, subscribe: (listener: () => void) => () => void): Promise<void> {
  if (check()) return;
  await new Promise<void>((resolve) => {
    const stop = subscribe(() => {
      if (!check()) return;
      stop();
      resolve();
    });
  });
}

const isOnline = ({ connectionState }: ParleyClient): Promise<void> =>
  until(() => connectionState.getSnapshot().status === 'online', connectionState.subscribe);

function hasList(client: ParleyClient, count: number): Promise<void> {
  const list = client.conversations.list();
  return until(() => list.getSnapshot().conversations.length >= count, list.subscribe);
}

async function openMessages(client: ParleyClient, number: number, messages: number): Promise<void> {
  const handle = client.conversation(conversationIdOf(number));
  // Without a network it only shows what is stored.
  void handle.open().catch(() => undefined);
  await until(() => handle.messages.getSnapshot().messages.length >= messages, handle.messages.subscribe);
}

async function storageOf(stored: readonly StoredValue[]): Promise<ParleyStorage> {
  const storage = memoryStorage();
  const area = await storage.open(USER);
  await area.write(stored);
  return storage;
}

const parseAll = (stored: readonly StoredValue[], collections: readonly StorageCollection[]): unknown[] =>
  stored
    .filter(({ collection }) => collections.includes(collection))
    .map(({ value }) => JSON.parse(value) as unknown);

const collect = (): void => {
  if (globalThis.gc === undefined) throw new Error('The process needs --expose-gc.');
  // Twice: the first one leaves what finalizers hold.
  globalThis.gc();
  globalThis.gc();
};

const heapBytes = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

async function fill({
  url,
  conversations,
  opened,
  messages,
}: SubjectCommands['fill']['input']): Promise<StoredValue[]> {
  const storage = memoryStorage();
  const client = createClient(url, storage);
  await client.connect();
  await isOnline(client);
  while (await client.conversations.loadMore());
  await hasList(client, conversations);
  for (let number = 0; number < opened; number += 1) {
    const handle = client.conversation(conversationIdOf(number));
    await handle.open();
    while (handle.messages.getSnapshot().messages.length < messages && (await handle.loadOlder()));
  }
  await client.dispose();
  const area = await storage.open(USER);
  const all = await Promise.all(
    COLLECTIONS.map(async (collection) =>
      (await area.readAll(collection)).map(({ key, value }) => ({ collection, key, value })),
    ),
  );
  return all.flat();
}

async function firstList({
  stored,
  conversations,
  rounds,
}: SubjectCommands['firstList']['input']): Promise<TimePair[]> {
  const times: TimePair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const storage = await storageOf(stored);
    collect();
    const beganMs = performance.now();
    parseAll(stored, ['meta', 'conversations']);
    const parsedMs = performance.now();
    const client = createClient(NO_NETWORK, storage);
    void client.connect();
    await hasList(client, conversations);
    times.push({ clientMs: performance.now() - parsedMs, baselineMs: parsedMs - beganMs });
    await client.dispose();
  }
  return times;
}

async function openStored(input: SubjectCommands['openStored']['input']): Promise<TimePair[]> {
  const { stored, opened, messages, rounds } = input;
  const times: TimePair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const client = createClient(NO_NETWORK, await storageOf(stored));
    await client.connect();
    collect();
    const beganMs = performance.now();
    parseAll(stored, ['messages']);
    const parsedMs = performance.now();
    for (let number = 0; number < opened; number += 1) await openMessages(client, number, messages);
    times.push({ clientMs: performance.now() - parsedMs, baselineMs: parsedMs - beganMs });
    await client.dispose();
  }
  return times;
}

async function memory({ stored, opened, messages }: SubjectCommands['memory']['input']) {
  const storage = await storageOf(stored);
  const listBaseline = measure(() => parseAll(stored, ['meta', 'conversations']));
  const openedBaseline = measure(() => parseAll(stored, ['messages']));
  const before = heapBytes();
  const client = createClient(NO_NETWORK, storage);
  await client.connect();
  const withList = heapBytes();
  for (let number = 0; number < opened; number += 1) await openMessages(client, number, messages);
  const withMessages = heapBytes();
  await client.dispose();
  return {
    list: { clientBytes: withList - before, baselineBytes: listBaseline },
    opened: { clientBytes: withMessages - withList, baselineBytes: openedBaseline },
  };
}

/** Returns the growth of the heap by what `make` returns. */
function measure(make: () => unknown): number {
  const before = heapBytes();
  const held = [make()];
  const after = heapBytes();
  // Used after the measurement, so that it is not collected before.
  if (held.length !== 1) throw new Error('unreachable');
  return after - before;
}

async function resync({ url, stored, rounds }: SubjectCommands['resync']['input']): Promise<TimePair[]> {
  const times: TimePair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const baselineMs = await bareSync(url);
    const client = createClient(url, await storageOf(stored));
    collect();
    const beganMs = performance.now();
    await client.connect();
    await isOnline(client);
    times.push({ clientMs: performance.now() - beganMs, baselineMs });
    await client.dispose();
  }
  return times;
}

/** Connects, and walks through all pages of `sync`. @returns the milliseconds it took */
async function bareSync(url: string): Promise<number> {
  collect();
  const beganMs = performance.now();
  const socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true });
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  let cursor: string | undefined;
  for (;;) {
    const answer = (await socket.emitWithAck('sync', cursor === undefined ? {} : { cursor })) as {
      data: { cursor: string; hasMore: boolean };
    };
    cursor = answer.data.cursor;
    if (!answer.data.hasMore) break;
  }
  const tookMs = performance.now() - beganMs;
  socket.disconnect();
  return tookMs;
}

const handlers: {
  [Name in SubjectCommandName]: (
    input: SubjectCommands[Name]['input'],
  ) => Promise<SubjectCommands[Name]['output']>;
} = { fill, firstList, openStored, memory, resync };

process.on('message', ({ name, input }: SubjectRequest) => {
  // A request names the command that its input belongs to.
  (handlers[name] as (input: unknown) => Promise<SubjectCommands[SubjectCommandName]['output']>)(input).then(
    (output) => process.send?.({ output } satisfies SubjectReply),
    (error: unknown) =>
      process.send?.({
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      } satisfies SubjectReply),
  );
});
