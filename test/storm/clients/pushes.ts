import type { PushData, PushName } from '../../../contract/index.js';
import { HIDDEN, type Entry, type SeenMessage } from '../checker/history.js';
import { seenConversation, seenMessage, seenPosition } from './views.js';

/** Content of a push, for the log and the store. */
export interface Heard {
  entry: Entry;
  message?: SeenMessage;
  head?: { conversationId: string; lastSeq: number };
}

/** Parses a push. Announcements of the end of a connection are handled by `Connection`. */
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
    case 'conversation:settings':
      yield {
        entry: { kind: 'told', push: event, conversationId: (data as PushData<typeof event>).conversationId },
      };
      return;
    case 'conversation:removed':
      // This push may overtake the one of a new membership: the next answer shows which is current.
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
      // An unknown push of a later version of the server.
      return;
  }
}
