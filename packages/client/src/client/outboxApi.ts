import type { OutboxApi } from '../api/outbox.js';
import type { OutboxSnapshot } from '../api/snapshots.js';
import { derive, isShallowEqual } from '../observable/derived.js';
import { pendingOf } from '../state/selectors.js';
import type { ClientState } from '../state/types.js';
import type { Engine } from './engine.js';

/** The unsent messages, as apps see them. */
export function createOutboxApi({ store, outbox }: Engine): OutboxApi {
  return {
    store: derive<ClientState, OutboxSnapshot>(
      store,
      ({ outbox: messages }) => ({
        messages,
        failedCount: messages.filter(({ status }) => status === 'failed').length,
      }),
      isShallowEqual,
    ),
    getPending: (conversationId) =>
      conversationId === undefined ? store.getState().outbox : pendingOf(store.getState(), conversationId),
    retry: (clientMessageId) => outbox.retry(clientMessageId),
    retryAll: () => outbox.retryAll(),
    discard: (clientMessageId) => outbox.discard(clientMessageId),
  };
}
