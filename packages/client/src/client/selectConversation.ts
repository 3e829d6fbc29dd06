import { conversationOf } from '../state/selectors.js';
import type { ClientState, Conversation } from '../state/types.js';

export function selectConversation(state: ClientState, id: string): Conversation | undefined {
  const record = state.conversations[id];
  return record === undefined ? undefined : conversationOf(state, record);
}
