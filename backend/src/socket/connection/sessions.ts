import { EventEmitter } from 'node:events';
import type { Goodbye, UserId } from '../../../../contract/index.js';
import type { Principal } from '../../services/users/index.js';
import { monotonicMs } from '../../utils/clock.js';
import { pushTo } from '../pushTo.js';
import { userRoom } from '../rooms.js';
import { endWithNotice } from './endConnection.js';
import type { ChatServer, ChatSocket } from '../types.js';

/** Interval of the expiry sweep, in ms. */
const SWEEP_MS = 250;
/** Time for a connection with an expired token to send a new one, in ms. */
const RENEWAL_MS = 60_000;

interface SessionEventMap {
  /** A connection may receive pushes from now on. */
  live: [socket: ChatSocket];
  /** A connection has ended, or may receive nothing any more. */
  silent: [socket: ChatSocket];
  /** A live connection was put to the background or to the foreground. */
  foreground: [socket: ChatSocket];
}

interface SessionDeps {
  io: ChatServer;
  /** Live connections of one user on this process. */
  maxSocketsPerUser: number;
}

/** Which connections are live, until when: expiry and revocation end them within a second, also after a pause. */
export class Sessions extends EventEmitter<SessionEventMap> {
  /** Sockets by the second in which their token expires. */
  readonly #byExpiry = new Map<number, Set<ChatSocket>>();
  #sweptThroughS = Math.floor(Date.now() / 1_000);
  #sweptAtMs = monotonicMs();
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly deps: SessionDeps) {
    super();
  }

  start(): void {
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * False when the last sweep is too long ago, e.g. after the process was suspended: tokens may have expired since
   * then.
   */
  get isSwept(): boolean {
    return monotonicMs() - this.#sweptAtMs < 2 * SWEEP_MS;
  }

  /** Makes a connection live with this token. */
  begin(socket: ChatSocket, principal: Principal): void {
    socket.data.principal = principal;
    socket.data.live = true;
    const second = Math.max(Math.ceil(principal.expiresAtMs / 1_000), this.#sweptThroughS + 1);
    const expiring = this.#byExpiry.get(second) ?? new Set();
    this.#byExpiry.set(second, expiring.add(socket));
    void socket.join(userRoom(principal.userId));
    this.emit('live', socket);
    this.#endOldest(principal.userId);
  }

  /** Notes whether the app of a connection is in use. It counts from now on, also after a renewal of the token. */
  setForeground(socket: ChatSocket, isForeground: boolean): void {
    socket.data.isBackground = !isForeground;
    if (socket.data.live) this.emit('foreground', socket);
  }

  end(socket: ChatSocket): void {
    socket.data.live = false;
    this.emit('silent', socket);
    const second = Math.ceil(socket.data.principal.expiresAtMs / 1_000);
    this.#byExpiry.get(second)?.delete(socket);
  }

  /** Stops delivery to every connection whose token has expired since the last sweep. */
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

  /** Closes the user's connections whose token was issued before `validFromMs`: all of a banned user. Returns their number. */
  revoke(userId: UserId, validFromMs: number): number {
    const revoked = this.#socketsOf(userId).filter(
      (socket) => socket.data.principal.issuedAtMs < validFromMs,
    );
    // As the next handshake would say.
    const cause =
      validFromMs === Infinity
        ? ({ code: 'FORBIDDEN', reason: 'This user is banned.' } as const)
        : ({ code: 'UNAUTHENTICATED', reason: 'The token was revoked.' } as const);
    for (const socket of revoked) {
      pushExpired(socket, { ...cause, reconnect: false });
      socket.disconnect(true);
    }
    return revoked.length;
  }

  /** Live connections of a user, oldest first. */
  #socketsOf(userId: UserId): ChatSocket[] {
    const ids = [...(this.deps.io.sockets.adapter.rooms.get(userRoom(userId)) ?? [])];
    return ids.flatMap((id) => this.deps.io.sockets.sockets.get(id) ?? []);
  }

  /**
   * Closes the oldest connections above the limit. The newest one is most likely in use, while the oldest may be dead
   * without having been detected. Refusing the newest would let dead connections lock a user out.
   */
  #endOldest(userId: UserId): void {
    const { size = 0 } = this.deps.io.sockets.adapter.rooms.get(userRoom(userId)) ?? {};
    if (size <= this.deps.maxSocketsPerUser) return;
    const surplus = this.#socketsOf(userId).slice(0, size - this.deps.maxSocketsPerUser);
    for (const socket of surplus) endWithNotice(socket, 'TOO_MANY_SOCKETS');
  }

  #expire(socket: ChatSocket): void {
    socket.data.live = false;
    this.emit('silent', socket);
    for (const room of socket.rooms) if (room !== socket.id) void socket.leave(room);
    const reason = 'The token has expired: renew it with auth:refresh.';
    pushExpired(socket, { code: 'TOKEN_EXPIRED', reason, reconnect: true });
    setTimeout(() => {
      if (!socket.data.live) socket.disconnect(true);
    }, RENEWAL_MS).unref();
  }
}

const pushExpired = (socket: ChatSocket, data: Goodbye): void =>
  pushTo(socket, { event: 'auth:expired', data });
