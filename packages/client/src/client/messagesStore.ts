import type { MessagesSnapshot } from '../api/snapshots.js';
import { derive, isShallowEqual, keepList } from '../observable/derived.js';
import type { ReadableStore } from '../observable/readableStore.js';
import { gapsIn, type SeqRange } from '../state/log.js';
import { logOf, messagesIn, pendingOf } from '../state/selectors.js';
import type { ClientState, ConversationRecord, LogEntry, Message, PendingMessage } from '../state/types.js';
import { selectConversation } from './selectConversation.js';

const NOBODY: readonly string[] = [];

interface Shown {
  log: readonly LogEntry[];
  record: ConversationRecord | undefined;
  messages: readonly Message[];
  gaps: readonly SeqRange[];
}

/**
 * Messages of one conversation. Lists and messages keep their references while nothing in them has changed: a new message
 * renders one row.
 */
export function messagesStore(root: ReadableStore<ClientState>, id: string): ReadableStore<MessagesSnapshot> {
  let shown: Shown | undefined;

  function show(state: ClientState): Shown {
    const [log, record] = [logOf(state, id), state.conversations[id]];
    if (shown?.log === log && shown.record === record) return shown;
    const gaps = gapsIn(log, record?.lastSeq ?? 0);
    shown = {
      log,
      record,
      messages: keepList(shown?.messages, messagesIn(log, record, state.userId)),
      gaps: shown !== undefined && isSameRanges(shown.gaps, gaps) ? shown.gaps : gaps,
    };
    return shown;
  }

  return derive<ClientState, MessagesSnapshot>(
    root,
    (state, previous) => {
      const { log, record, messages, gaps } = show(state);
      // Without a log, all that the user may see is still to be loaded: nothing, when they have cleared it.
      const first = log[0]?.seq ?? (record?.lastSeq ?? 0) + 1;
      return {
        conversation: selectConversation(state, id),
        messages,
        pending: keepList<PendingMessage>(previous?.pending, pendingOf(state, id)),
        gaps,
        hasOlder: first > (record?.visibleFromSeq ?? 1),
        loading: state.loading[id] ?? 'idle',
        firstUnreadSeq: state.open[id]?.firstUnreadSeq,
        typingUserIds: state.typing[id] ?? NOBODY,
      };
    },
    isShallowEqual,
  );
}

const isSameRanges = (a: readonly SeqRange[], b: readonly SeqRange[]): boolean =>
  a.length === b.length &&
  a.every(({ fromSeq, toSeq }, index) => fromSeq === b[index]?.fromSeq && toSeq === b[index].toSeq);
