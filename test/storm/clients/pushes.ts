import type { PushData, PushName } from '../../../contract/index.js';
import { HIDDEN, type Entry, type SeenMessage } from '../checker/history.js';
import { seenConversation, seenMessage, seenPosition } from './views.js';

/** What a push says, for the log and for the store. */
export interface Heard {
  entry: Entry;
  message?: SeenMessage;
  head?: { conversationId: string; lastSeq: number };
}

/** Takes a push apart. Farewells of the server are the connection's business. */
export function* hearPush(event: PushName, data: unknown): Generator<Heard> {
  switch (event) {
    case 'message:new': {
      const message = seenMessage(data as PushData<typeof event>);
      const { conversationId, seq } = message;
      const isHidden = message._id === HIDDEN;
      yield {
        entry: isHidden ? { kind: 'told', push: event, conversationId, seq } : { kind: 'heard', message },
        message,
      };
      return;
    }
    case 'message:status':
      yield { entry: { kind: 'status', ...seenPosition(data as PushData<typeof event>) } };
      return;
    case 'conversation:created': {
      const conversation = seenConversation((data as PushData<typeof event>).conversation);
      const { conversationId, lastSeq } = conversation;
      yield {
        entry: { kind: 'told', push: event, conversationId, conversation },
        head: { conversationId, lastSeq },
      };
      return;
    }
    case 'conversation:updated': {
      const { head } = data as PushData<typeof event>;
      const { conversationId, lastSeq: seq } = head;
      yield { entry: { kind: 'told', push: event, conversationId, seq: seq === 0 ? undefined : seq }, head };
      return;
    }
    case 'message:updated':
    case 'message:deleted':
    case 'message:reaction':
    case 'message:counts':
    case 'conversation:own':
      yield {
        entry: { kind: 'told', push: event, conversationId: (data as PushData<typeof event>).conversationId },
      };
      return;
    case 'conversation:removed':
      // It may overtake the news of being let in again: the next answer says which of the two holds.
      return;
    case 'typing':
      yield {
        entry: { kind: 'told', push: event, conversationId: (data as PushData<typeof event>).conversationId },
      };
      return;
    case 'presence':
      yield { entry: { kind: 'toldOf', push: event, aboutUser: (data as PushData<typeof event>).userId } };
      return;
    case 'auth:expired':
      yield { entry: { kind: 'surprise', command: event, code: (data as PushData<typeof event>).code } };
      return;
    case 'server:draining':
    case 'connection:ended':
    case 'sync:advised':
      return;
    default:
      // A push that this model does not know yet is none of its conversations' (a later version of the server).
      return;
  }
}
