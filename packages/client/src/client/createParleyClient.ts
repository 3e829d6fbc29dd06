import type { ParleyClient } from '../api/client.js';
import type { ParleyClientOptions } from '../api/options.js';
import { derive } from '../observable/derived.js';
import { totalUnread } from '../state/unreadTotals.js';
import { createRun } from './answers.js';
import { Handle } from './conversationHandle.js';
import { Conversations } from './conversations.js';
import { Engine } from './engine.js';
import { Lifespan } from './lifespan.js';
import { createOutboxApi } from './outboxApi.js';
import type { UploadsPart } from '../uploads/part.js';
import { createSafetyApi, createUsersApi } from './users.js';

function requireUploads({ uploads }: Engine): UploadsPart {
  if (uploads !== undefined) return uploads;
  throw new Error('Pass the option uploads: fileUploads() of @parley/client/uploads.');
}

/** Socket.IO would try an address without a scheme, or none, for ever. `URL` is incomplete on some phones. */
function requireUrl(url: string): void {
  if (/^https?:\/\/[^\s/?#]/i.test(url)) return;
  throw new TypeError(
    `url is ${JSON.stringify(url)}, but must be an http or https address, like "https://chat.example.com".`,
  );
}

/**
 * Creates the chat client of one user on one device. Nothing happens before `connect`.
 *
 * ```ts
 * const client = createParleyClient({ url: 'https://chat.example.com', getToken: () => fetchToken() });
 * await client.connect();
 * ```
 *
 * @throws TypeError when `url` is not an http(s) address
 */
export function createParleyClient(options: ParleyClientOptions): ParleyClient {
  requireUrl(options.url);
  const engine = new Engine(options);
  const lifespan = new Lifespan(engine);
  const { store, events, pushEvents } = engine;
  const handles = new Map<string, Handle>();

  return {
    get userId() {
      return store.getState().userId || options.userId;
    },
    connectionState: derive(store, ({ connection }) => connection),
    unreadCount: derive(store, totalUnread),
    conversations: new Conversations(engine),
    outbox: createOutboxApi(engine),
    hasUploads: engine.uploads !== undefined,
    get uploads() {
      return requireUploads(engine).api;
    },
    get attachments() {
      return requireUploads(engine).attachments;
    },
    users: createUsersApi(engine),
    safety: createSafetyApi(engine),
    state: { getSnapshot: store.getSnapshot, subscribe: store.subscribe },
    connect: () => lifespan.connect(),
    disconnect: () => lifespan.disconnect(),
    logout: () => lifespan.logout(),
    dispose: () => lifespan.dispose(),
    conversation(conversationId) {
      const handle = handles.get(conversationId) ?? new Handle(engine, conversationId);
      handles.set(conversationId, handle);
      return handle;
    },
    on: (name, listener) => events.on(name, listener),
    onPush: (name, listener) => pushEvents.on(name, listener),
    command: createRun(engine.ask),
  };
}
