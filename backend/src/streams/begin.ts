import type { ConversationId } from '../../../contract/index.js';
import type { DatabaseTime } from '../services/runtime/index.js';
import { AppError } from '../utils/appError.js';
import { ConversationPositions, UserPositions } from './positions.js';
import { CannotReplay, type Ask } from './replay.js';
import { ConversationSource, UserSource, type StreamSource } from './sources.js';

interface BeginDeps {
  ask: Ask;
  time: DatabaseTime;
  /** Set for the stream of one conversation. */
  conversationId: ConversationId | undefined;
}

/** Returns a function that finds where a stream begins: at a position, or now. */
export const beginSource = ({ ask, time, conversationId }: BeginDeps) => {
  const now = (): number => time.now().getTime();

  async function must<Data>(
    answer: Promise<{ success: true; data: Data } | { success: false; code: CannotReplay['code'] }>,
  ): Promise<Data> {
    const given = await answer;
    if (!given.success) throw new CannotReplay(given.code);
    return given.data;
  }

  async function ofUser(lastEventId: string | undefined): Promise<StreamSource> {
    if (lastEventId !== undefined)
      return new UserSource(readPosition(UserPositions.decode(lastEventId, now)));
    const { syncCursor } = await must(ask('getConversations', { limit: 1 }));
    if (syncCursor === undefined) throw new CannotReplay('UNAVAILABLE');
    return new UserSource(UserPositions.fresh(syncCursor, now));
  }

  async function ofConversation(id: ConversationId, lastEventId: string | undefined): Promise<StreamSource> {
    const { conversation } = await must(ask('getConversation', { conversationId: id }));
    // Large groups and channels send their messages to those who watch them.
    if (conversation.isLarge) await must(ask('watchConversation', { conversationId: id, watching: true }));
    const { lastSeq: seq, rev } = conversation;
    if (lastEventId === undefined) return new ConversationSource(new ConversationPositions(id, { seq, rev }));
    return new ConversationSource(readPosition(ConversationPositions.decode(lastEventId, id)));
  }

  /**
   * @throws AppError `VALIDATION` for a position that this server has not given.
   * @throws CannotReplay when the user may not read the conversation, or the server cannot answer now.
   */
  return (lastEventId: string | undefined): Promise<StreamSource> =>
    conversationId === undefined ? ofUser(lastEventId) : ofConversation(conversationId, lastEventId);
};

function readPosition<Position>(position: Position | undefined): Position {
  if (position !== undefined) return position;
  const details = [{ path: 'Last-Event-ID', rule: 'must be the id of an earlier event' }];
  throw new AppError('VALIDATION', 'The position was not issued by this server.', { details });
}
