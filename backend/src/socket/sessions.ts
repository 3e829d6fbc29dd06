import type { Goodbye, UserId } from '../../../contract/index.js';
import type { PresenceService } from '../services/presenceService.js';
import type { Principal } from '../services/tokens.js';
import { monotonicMs } from '../utils/clock.js';
import { isToldAsOld } from './delivery.js';
import { endWithGoodbye } from './endConnection.js';
import type { OpenConversations } from './openConversations.js';
import { userRoom } from './rooms.js';
import type { ChatServer, ChatSocket } from './types.js';

const SWEEP_MS = 250;
/** How long a connection with an expired token may stay to renew it. */
const RENEWAL_MS = 60_000;

interface SessionParts {
  io: ChatServer;
  presence: PresenceService;
  openConversations: OpenConversations;
  /** Live connections of one user on this process. */
  maxSocketsPerUser: number;
}

/** Which connections are live, until when: expiry and revocation end them within a second, also after a pause. */
export class Sessions {
  /** Sockets by the second in which their token expires. */
  readonly #byExpiry = new Map<number, Set<ChatSocket>>();
  #sweptThroughS = Math.floor(Date.now() / 1_000);
  #sweptAtMs = monotonicMs();
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly parts: SessionParts) {}

  start(): void {
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** False after a pause: an expiry may have been slept through. */
  get isSwept(): boolean {
    return monotonicMs() - this.#sweptAtMs < 2 * SWEEP_MS;
  }

  /** A connection is live from now on, with this token. */
  begin(socket: ChatSocket, principal: Principal): void {
    socket.data.principal = principal;
    socket.data.live = true;
    const second = Math.max(Math.ceil(principal.expiresAtMs / 1_000), this.#sweptThroughS + 1);
    const expiring = this.#byExpiry.get(second) ?? new Set();
    this.#byExpiry.set(second, expiring.add(socket));
    void socket.join(userRoom(principal.userId));
    this.parts.presence.connected(principal.userId, socket.id);
    this.#endOldest(principal.userId);
  }

  end(socket: ChatSocket): void {
    socket.data.live = false;
    this.parts.openConversations.leaveAll(socket);
    const second = Math.ceil(socket.data.principal.expiresAtMs / 1_000);
    this.#byExpiry.get(second)?.delete(socket);
    this.parts.presence.disconnected(socket.data.principal.userId, socket.id);
  }

  /** Silences every connection whose token has expired since the last sweep. */
  sweep(): void {
    const nowMs = Date.now();
    const nowS = Math.floor(nowMs / 1_000);
    for (const second of [...this.#byExpiry.keys()].filter((one) => one <= nowS)) {
      const expiring = this.#byExpiry.get(second) ?? [];
      this.#byExpiry.delete(second);
      for (const socket of expiring) {
        if (socket.data.live && socket.data.principal.expiresAtMs <= nowMs) this.#expire(socket);
      }
    }
    this.#sweptThroughS = nowS;
    this.#sweptAtMs = monotonicMs();
  }

  /** Ends every connection of a user whose token was issued before. @returns how many there were. */
  revoke(userId: UserId, validFromMs: number): number {
    const revoked = this.#socketsOf(userId).filter(
      (socket) => socket.data.principal.issuedAtMs < validFromMs,
    );
    for (const socket of revoked) {
      say(socket, { code: 'UNAUTHENTICATED', reason: 'The token was revoked.', reconnect: false });
      socket.disconnect(true);
    }
    return revoked.length;
  }

  /** The live connections of a user, the oldest first. */
  #socketsOf(userId: UserId): ChatSocket[] {
    const ids = [...(this.parts.io.sockets.adapter.rooms.get(userRoom(userId)) ?? [])];
    return ids.flatMap((id) => this.parts.io.sockets.sockets.get(id) ?? []);
  }

  /**
   * The newest is the device in somebody's hand; the oldest may be long gone, and only nobody has noticed yet. To
   * refuse the newest would let connections that died on the way lock a person out.
   */
  #endOldest(userId: UserId): void {
    const { size = 0 } = this.parts.io.sockets.adapter.rooms.get(userRoom(userId)) ?? {};
    if (size <= this.parts.maxSocketsPerUser) return;
    const surplus = this.#socketsOf(userId).slice(0, size - this.parts.maxSocketsPerUser);
    for (const socket of surplus) endWithGoodbye(socket, 'TOO_MANY_SOCKETS');
  }

  #expire(socket: ChatSocket): void {
    socket.data.live = false;
    this.parts.openConversations.leaveAll(socket);
    for (const room of socket.rooms) if (room !== socket.id) void socket.leave(room);
    this.parts.presence.disconnected(socket.data.principal.userId, socket.id);
    const reason = 'The token has expired: renew it with auth:refresh.';
    say(socket, { code: 'TOKEN_EXPIRED', reason, reconnect: true });
    setTimeout(() => {
      if (!socket.data.live) socket.disconnect(true);
    }, RENEWAL_MS).unref();
  }
}

const say = (socket: ChatSocket, data: Goodbye): void => {
  if (isToldAsOld(socket, { event: 'auth:expired', data })) return;
  socket.emit('auth:expired', { success: true, data });
};
