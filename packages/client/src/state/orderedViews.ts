import { sortedConversations } from './listSelectors.js';
import { conversationOf } from './selectors.js';
import type { ClientState, Conversation, ConversationRecord } from './types.js';

/** All conversations in the order of the list, as records and as apps read them, with the parts of the state they come from. */
export interface OrderedViews {
  records: readonly ConversationRecord[];
  views: readonly Conversation[];
  logs: ClientState['logs'];
  reads: ClientState['reads'];
  userId: string;
}

/**
 * Returns all conversations in the order of the list.
 *
 * @param previous the result for an earlier state: views of conversations that have not changed are taken from it
 */
export function orderedViews(state: ClientState, previous?: OrderedViews): OrderedViews {
  const { logs, reads, userId } = state;
  const records = sortedConversations(state, previous?.records);
  const views =
    previous?.userId === userId
      ? takeOver(state, records, previous)
      : records.map((record) => conversationOf(state, record));
  return { records, views, logs, reads, userId };
}

/** Walks both lists side by side: after one change all conversations but one are the next ones of the previous list. */
function takeOver(
  state: ClientState,
  records: readonly ConversationRecord[],
  previous: OrderedViews,
): Conversation[] {
  const changed = new Set([
    ...changedKeys(previous.logs, state.logs),
    ...changedKeys(previous.reads, state.reads),
  ]);
  let at = 0;
  return records.map((record) => {
    // One that has moved or changed is skipped.
    if (previous.records[at] !== record && previous.records[at + 1] === record) at += 1;
    const view = previous.records[at] === record ? previous.views[at] : undefined;
    if (view !== undefined) at += 1;
    // A mute ends by itself.
    const isSame = view !== undefined && view.mutedUntil === undefined && !changed.has(record.id);
    return isSame ? view : conversationOf(state, record);
  });
}

/** Ids of the conversations of which something differs; few have messages or a position on this device. */
function changedKeys(
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): string[] {
  if (before === now) return [];
  return [...Object.keys(before), ...Object.keys(now)].filter((id) => before[id] !== now[id]);
}
