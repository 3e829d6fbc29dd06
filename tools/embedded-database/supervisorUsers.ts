import { timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { SupervisorMessage } from './supervisorFile.js';

export interface SupervisorUsersOptions {
  token: string;
  lingerMs: number;
  /** Called when no user has been connected for `lingerMs`. */
  onUnused: () => void;
}

/** The process that starts a supervisor is its first user. The supervisor waits this long for it. */
const FIRST_USER_MS = 10_000;
/** A connection that does not send the token within this time is closed. */
const TOKEN_TIMEOUT_MS = 2_000;
const MAX_TOKEN_CHARS = 256;

/**
 * Counts the users of the database by their connections. The kernel closes the connection of a killed user, so no user has
 * to sign off. Listens on loopback only, and accepts only users that can read the token.
 */
export class SupervisorUsers {
  readonly #users = new Set<Socket>();
  readonly #server: Server = createServer((socket) => this.#authenticate(socket));
  #unusedTimer: NodeJS.Timeout | undefined;
  #outcome: SupervisorMessage | undefined;
  #closed = false;

  constructor(readonly options: SupervisorUsersOptions) {}

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    this.#startUnusedTimer(Math.max(FIRST_USER_MS, this.options.lingerMs));
  }

  /** Sends a message to all users, and to every user that connects later. */
  announce(outcome: SupervisorMessage): void {
    this.#outcome = outcome;
    for (const user of this.#users) send(user, outcome);
  }

  /** Accepts no more users, and ends the connections after what was announced. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#unusedTimer);
    this.#server.close();
    for (const user of this.#users) user.end();
  }

  #startUnusedTimer(ms: number): void {
    clearTimeout(this.#unusedTimer);
    this.#unusedTimer = setTimeout(this.options.onUnused, ms);
  }

  #authenticate(socket: Socket): void {
    let received = '';
    socket.setEncoding('utf8');
    socket.setTimeout(TOKEN_TIMEOUT_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    const onData = (text: string): void => {
      received += text;
      if (!received.includes('\n') && received.length <= MAX_TOKEN_CHARS) return;
      socket.off('data', onData);
      if (this.#closed || !isEqual(received.trim(), this.options.token)) socket.destroy();
      else this.#admit(socket);
    };
    socket.on('data', onData);
  }

  #admit(socket: Socket): void {
    socket.setTimeout(0);
    // A socket that is not read never emits `close`.
    socket.resume();
    this.#users.add(socket);
    clearTimeout(this.#unusedTimer);
    socket.once('close', () => {
      this.#users.delete(socket);
      if (this.#users.size === 0 && !this.#closed) this.#startUnusedTimer(this.options.lingerMs);
    });
    send(socket, { state: 'attached' });
    if (this.#outcome !== undefined) send(socket, this.#outcome);
  }
}

function send(user: Socket, message: SupervisorMessage): void {
  user.write(`${JSON.stringify(message)}\n`);
}

function isEqual(received: string, token: string): boolean {
  const [a, b] = [Buffer.from(received), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
