import type { ConversationId, UserId } from '../../../../contract/index.js';
import { openRoom } from '../rooms.js';
import type { ChatSocket } from '../types.js';

interface WatchingSockets {
  removalSeq: number;
  sockets: Set<ChatSocket>;
}

interface LogPlace {
  conversationId: ConversationId;
  seq: number;
}

interface Conversation {
  conversationId: ConversationId;
  /** The `seq` of the last membership event that removed a member. */
  removalSeq: number;
}

/**
 * The large groups and channels that connections of this process watch. Their room names carry the `seq` of the last
 * removal: a process that has not noticed a removal still has its sockets in the old room, which receives nothing any
 * more. Sockets of users who are still members move to the new room once the members are known.
 */
export class WatchedConversations {
  readonly #watched = new Map<ConversationId, WatchingSockets>();
  /** By socket, the `seq` by which its user joined each. */
  readonly #bySocket = new Map<ChatSocket, Map<ConversationId, number>>();

  enter(socket: ChatSocket, { conversationId, removalSeq }: Conversation, joinedSeq: number): void {
    if (!socket.data.live) return;
    const watched = this.#watched.get(conversationId) ?? { removalSeq, sockets: new Set<ChatSocket>() };
    this.#watched.set(conversationId, watched);
    watched.sockets.add(socket);
    const conversations = this.#bySocket.get(socket) ?? new Map<ConversationId, number>();
    this.#bySocket.set(socket, conversations.set(conversationId, joinedSeq));
    // A membership that was read before a removal must not join the room after it.
    void socket.join(openRoom(conversationId, Math.max(removalSeq, watched.removalSeq)));
  }

  leave(socket: ChatSocket, conversationId: ConversationId): void {
    const watched = this.#watched.get(conversationId);
    if (watched?.sockets.has(socket) !== true) return;
    void socket.leave(openRoom(conversationId, watched.removalSeq));
    this.#forget(socket, conversationId);
  }

  /** Called when a connection has ended, or may receive nothing any more. */
  leaveAll(socket: ChatSocket): void {
    for (const id of [...(this.#bySocket.get(socket)?.keys() ?? [])]) this.leave(socket, id);
  }

  /**
   * True when a socket watches the conversation whose user has joined after this entry. A push that was late may be from before
   * that: from an absence, perhaps. Whatever the user may see of it is in the history that they load.
   */
  hasJoinedAfter(socket: ChatSocket, { conversationId, seq }: LogPlace): boolean {
    return (this.#bySocket.get(socket)?.get(conversationId) ?? 0) > seq;
  }

  /** True when a socket of this process watches the conversation without knowing of its last removal. */
  isBehind({ conversationId, removalSeq }: Conversation): boolean {
    const watched = this.#watched.get(conversationId);
    return watched !== undefined && watched.removalSeq < removalSeq;
  }

  /** Ids of the sockets of this process that watch the conversation. */
  socketIds(conversationId: ConversationId): ReadonlySet<string> {
    const { sockets = [] } = this.#watched.get(conversationId) ?? {};
    return new Set([...sockets].map(({ id }) => id));
  }

  /** Moves sockets of current members to the room after a removal, and drops the others. */
  move({ conversationId, removalSeq }: Conversation, members: ReadonlySet<UserId>): void {
    const watched = this.#watched.get(conversationId);
    if (watched === undefined || watched.removalSeq >= removalSeq) return;
    const before = openRoom(conversationId, watched.removalSeq);
    watched.removalSeq = removalSeq;
    for (const socket of [...watched.sockets]) {
      void socket.leave(before);
      if (members.has(socket.data.principal.userId)) void socket.join(openRoom(conversationId, removalSeq));
      else this.#forget(socket, conversationId);
    }
  }

  #forget(socket: ChatSocket, conversationId: ConversationId): void {
    const watched = this.#watched.get(conversationId);
    watched?.sockets.delete(socket);
    if (watched?.sockets.size === 0) this.#watched.delete(conversationId);
    const conversations = this.#bySocket.get(socket);
    conversations?.delete(conversationId);
    if (conversations?.size === 0) this.#bySocket.delete(socket);
  }
}
