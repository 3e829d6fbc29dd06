/** Runs in each page of the test of several tabs: a client as an app makes it, and what the test asks of it. */
import { indexedDbStorage } from '../../../packages/client/src/indexeddb.js';
import { createParleyClient, type ParleyClient } from '../../../packages/client/src/index.js';
import { sharedTabs } from '../../../packages/client/src/tabs.js';
import { fileUploads } from '../../../packages/client/src/uploads.js';

interface Started {
  client: ParleyClient;
  tokenCalls: number;
  received: string[];
  problems: string[];
}

const started: Partial<Started> = {};

async function start(userId: string, token: string): Promise<void> {
  const state: Started = {
    client: createParleyClient({
      url: location.origin,
      userId,
      storage: indexedDbStorage(),
      tabs: sharedTabs(),
      uploads: fileUploads(),
      transports: ['websocket'],
      getToken: () => {
        state.tokenCalls += 1;
        return Promise.resolve(token);
      },
    }),
    tokenCalls: 0,
    received: [],
    problems: [],
  };
  Object.assign(started, state);
  Object.assign(globalThis, { state });
  state.client.on('messageReceived', ({ content }) => state.received.push(content));
  state.client.on('violation', (violation) => state.problems.push(JSON.stringify(violation)));
  state.client.on('storageError', ({ cause }) => state.problems.push(String(cause)));
  await state.client.connect();
}

const clientOf = (): ParleyClient => {
  if (started.client === undefined) throw new Error('not started');
  return started.client;
};

const status = (): string => clientOf().connectionState.getSnapshot().status;

async function openConversation(id: string): Promise<void> {
  await clientOf().conversation(id).open();
}

function shown(id: string): { stored: string[]; pending: string[] } {
  const { messages, pending } = clientOf().conversation(id).messages.getSnapshot();
  return {
    stored: messages.map(({ content }) => content),
    pending: pending.map(({ content }) => content),
  };
}

/** Resolves when all are on the device. */
async function send(id: string, texts: string[]): Promise<void> {
  const handles = texts.map((text) => clientOf().conversation(id).sendMessage({ text }));
  await Promise.all(handles.map(({ persisted }) => persisted));
}

/** Adds a file, and sends a message with it unless it is to stay a draft. Resolves when both are on the device. */
async function addFile(
  conversationId: string,
  { sizeBytes, text }: { sizeBytes: number; text?: string | undefined },
): Promise<string> {
  const file = new File([new Uint8Array(sizeBytes).fill(7)], 'file.bin');
  const { id, persisted } = clientOf().uploads.add(file, { conversationId });
  await persisted;
  if (text !== undefined)
    await clientOf()
      .conversation(conversationId)
      .sendMessage({ text, uploads: [id] }).persisted;
  return id;
}

async function sendFile(conversationId: string, text: string, ids: string[]): Promise<void> {
  await clientOf().conversation(conversationId).sendMessage({ text, uploads: ids }).persisted;
}

const uploads = (): unknown[] =>
  clientOf()
    .uploads.store.getSnapshot()
    .map(({ id, status, sentBytes, clientMessageId }) => ({
      id,
      status,
      sentBytes,
      isDraft: clientMessageId === undefined,
    }));

const cancelUpload = (id: string): void => clientOf().uploads.cancel(id);

/** Number of files whose bytes are stored in this browser. */
const storedFiles = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open('parley');
    opening.onerror = () => reject(new Error(String(opening.error)));
    opening.onsuccess = () => {
      const database = opening.result;
      const counting = database.transaction('files').objectStore('files').count();
      counting.onsuccess = () => {
        database.close();
        resolve(counting.result);
      };
    };
  });

Object.assign(globalThis, {
  tab: {
    start,
    status,
    openConversation,
    shown,
    send,
    addFile,
    sendFile,
    uploads,
    cancelUpload,
    storedFiles,
  },
});
