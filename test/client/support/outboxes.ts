import { vi } from 'vitest';
import { createStore } from '../../../packages/client/src/observable/store.js';
import { Outbox, type OutboxDeps } from '../../../packages/client/src/outbox/outbox.js';
import { createState } from '../../../packages/client/src/state/reduce.js';
import { OutboxStorage } from '../../../packages/client/src/storage/outboxStorage.js';
import type { SendInput } from '../../../packages/client/src/wire/index.js';
import { Answers, ok } from './answers.js';
import { TestStorage, userStorage } from './storages.js';
import { ALICE, CONVERSATION, conversationView, messageView } from './views.js';

export const OTHER = 'd'.repeat(24);

/** Lets everything run that is not waiting for a timer. */
export const settle = () => vi.advanceTimersByTimeAsync(0);

/** Creates an outbox with a server whose answers the test controls. */
export async function startOutbox({
  storage = new TestStorage(),
  prepare = undefined as OutboxDeps['prepare'],
} = {}) {
  const store = createStore(createState(ALICE));
  store.dispatch({
    type: 'conversations',
    conversations: [conversationView(), conversationView({ _id: OTHER, participants: [ALICE, 'carol'] })],
  });
  const server = new Answers();
  const events: string[] = [];
  let ids = 0;
  const prefix = Math.random().toString(36).slice(2);
  const outbox = new Outbox({
    store,
    ask: server.ask,
    newId: () => `${prefix}-${(ids += 1)}`,
    onSent: ({ content }, { seq }) => events.push(`sent ${content} ${seq}`),
    onFailed: ({ content }, { code }) => events.push(`failed ${content} ${code}`),
    prepare,
  });
  const kept = new OutboxStorage(userStorage(storage, ALICE));
  outbox.useStorage(kept);
  await outbox.restore();
  let seq = 0;
  const payload = (index: number) => server.nth(index).payload as SendInput;
  const add = (content: string, conversationId = CONVERSATION) => outbox.add(conversationId, { content });
  return {
    ...{ store, server, outbox, storage, events, payload, add },
    /** Answers a request as the server does when it has stored the message. */
    store1: async (index: number) => {
      const { clientMessageId, conversationId, content = '' } = payload(index);
      const view = messageView((seq += 1), ALICE, { clientMessageId, conversationId, content });
      await server.nth(index).answer(ok('sendMessage', { ...view, duplicate: false }));
    },
    contents: () => server.asked.map((_question, index) => payload(index).content),
    stored: async () => ((await kept.read()) ?? []).map(({ content }) => content),
    statuses: () => store.getState().outbox.map(({ status, code }) => code ?? status),
  };
}
