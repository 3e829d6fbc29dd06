import type { ConversationId, UserId } from '../../../contract/index.js';
import { openRoom } from './rooms.js';
import type { ChatSocket } from './types.js';

interface Opened {
  removalSeq: number;
  sockets: Set<ChatSocket>;
}

interface Conversation {
  conversationId: ConversationId;
  removalSeq: number;
}

/**
 * Which large groups and channels the connections of this process look at. Their rooms are named after the last entry
 * that took somebody out: a process that has not noticed a removal still has its sockets in the old room, where nothing
 * is said any more. Whoever is still a member is moved when it has been asked who that is.
 */
export class OpenConversations {
  readonly #opened = new Map<ConversationId, Opened>();

  enter(socket: ChatSocket, { conversationId, removalSeq }: Conversation): void {
    if (!socket.data.live) return;
    const opened = this.#opened.get(conversationId) ?? { removalSeq, sockets: new Set<ChatSocket>() };
    this.#opened.set(conversationId, opened);
    opened.sockets.add(socket);
    // What was read before a removal does not lead behind it: with the others it is looked into again.
    void socket.join(openRoom(conversationId, Math.max(removalSeq, opened.removalSeq)));
  }

  leave(socket: ChatSocket, conversationId: ConversationId): void {
    const opened = this.#opened.get(conversationId);
    if (opened?.sockets.delete(socket) !== true) return;
    void socket.leave(openRoom(conversationId, opened.removalSeq));
    if (opened.sockets.size === 0) this.#opened.delete(conversationId);
  }

  /** A connection has ended, or may hear nothing any more. */
  leaveAll(socket: ChatSocket): void {
    for (const id of [...this.#opened.keys()]) this.leave(socket, id);
  }

  /** Whether somebody here looks at a conversation without knowing of its last removal. */
  isBehind({ conversationId, removalSeq }: Conversation): boolean {
    const opened = this.#opened.get(conversationId);
    return opened !== undefined && opened.removalSeq < removalSeq;
  }

  /** Who looks at a conversation. */
  viewers(conversationId: ConversationId): UserId[] {
    const { sockets = [] } = this.#opened.get(conversationId) ?? {};
    return [...new Set([...sockets].map((socket) => socket.data.principal.userId))];
  }

  /** Moves those who are still members to the room behind a removal; the others are out. */
  move({ conversationId, removalSeq }: Conversation, members: ReadonlySet<UserId>): void {
    const opened = this.#opened.get(conversationId);
    if (opened === undefined || opened.removalSeq >= removalSeq) return;
    const before = openRoom(conversationId, opened.removalSeq);
    opened.removalSeq = removalSeq;
    for (const socket of [...opened.sockets]) {
      void socket.leave(before);
      if (members.has(socket.data.principal.userId)) void socket.join(openRoom(conversationId, removalSeq));
      else opened.sockets.delete(socket);
    }
    if (opened.sockets.size === 0) this.#opened.delete(conversationId);
  }
}
