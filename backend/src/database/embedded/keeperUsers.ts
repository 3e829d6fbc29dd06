import { timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { KeeperMessage } from './keeperFile.js';

export interface KeeperUsersOptions {
  token: string;
  lingerMs: number;
  /** Nobody has used the database for `lingerMs`. */
  onEmpty: () => void;
}

/** Somebody starts a keeper in order to use it: this long it waits for the first. */
const FIRST_USER_MS = 10_000;
/** Who does not say the token within this time is sent away. */
const GREETING_MS = 2_000;
const MAX_GREETING_CHARS = 256;

/**
 * Counts who uses the database, by their connections: a killed user's is closed by the kernel, so nobody has to say
 * good-bye. Loopback only, and only for those who can read the token.
 */
export class KeeperUsers {
  readonly #users = new Set<Socket>();
  readonly #server: Server = createServer((socket) => this.#greet(socket));
  #leaving: NodeJS.Timeout | undefined;
  #news: KeeperMessage | undefined;
  #closed = false;

  constructor(readonly options: KeeperUsersOptions) {}

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    this.#leaveAfter(Math.max(FIRST_USER_MS, this.options.lingerMs));
  }

  /** Tells those who are here, and everybody who comes. */
  announce(news: KeeperMessage): void {
    this.#news = news;
    for (const user of this.#users) say(user, news);
  }

  /** Takes nobody any more; lets those who are here go once they have read what was announced. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#leaving);
    this.#server.close();
    for (const user of this.#users) user.end();
  }

  #leaveAfter(ms: number): void {
    clearTimeout(this.#leaving);
    this.#leaving = setTimeout(this.options.onEmpty, ms);
  }

  #greet(socket: Socket): void {
    let said = '';
    socket.setEncoding('utf8');
    socket.setTimeout(GREETING_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    const listen = (text: string): void => {
      said += text;
      if (!said.includes('\n') && said.length <= MAX_GREETING_CHARS) return;
      socket.off('data', listen);
      if (this.#closed || !isSame(said.trim(), this.options.token)) socket.destroy();
      else this.#admit(socket);
    };
    socket.on('data', listen);
  }

  #admit(socket: Socket): void {
    socket.setTimeout(0);
    // Read on, or the end of the connection would never be seen.
    socket.resume();
    this.#users.add(socket);
    clearTimeout(this.#leaving);
    socket.once('close', () => {
      this.#users.delete(socket);
      if (this.#users.size === 0 && !this.#closed) this.#leaveAfter(this.options.lingerMs);
    });
    say(socket, { state: 'attached' });
    if (this.#news !== undefined) say(socket, this.#news);
  }
}

function say(user: Socket, message: KeeperMessage): void {
  user.write(`${JSON.stringify(message)}\n`);
}

function isSame(said: string, token: string): boolean {
  const [a, b] = [Buffer.from(said), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
