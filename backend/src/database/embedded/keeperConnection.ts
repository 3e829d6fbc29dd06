import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { keeperMessage, type KeeperFile, type KeeperMessage } from './keeperFile.js';

/** A keeper that lives counts a user at once; this long means that somebody else has its port now. */
const ATTACH_TIMEOUT_MS = 2_000;

export type KeeperNews = Exclude<KeeperMessage, { state: 'attached' }>;

/** A user's connection to a keeper: for as long as it is open, the keeper keeps the database up. */
export class KeeperConnection {
  readonly #socket: Socket;
  readonly #news: Promise<KeeperNews | undefined>;
  readonly #lost: Promise<void>;

  private constructor(socket: Socket, messages: AsyncIterator<string>, lost: Promise<void>) {
    this.#socket = socket;
    this.#lost = lost;
    this.#news = nextMessage(messages).then((news) => (news?.state === 'attached' ? undefined : news));
  }

  /** Undefined when nobody answers there, or not as a keeper does. */
  static async open(file: KeeperFile): Promise<KeeperConnection | undefined> {
    const socket = connect({ port: file.controlPort, host: '127.0.0.1' });
    const lost = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(ATTACH_TIMEOUT_MS, () => socket.destroy());
    socket.write(`${file.token}\n`);
    const messages = createInterface({ input: socket })[Symbol.asyncIterator]();
    if ((await nextMessage(messages))?.state !== 'attached') {
      socket.destroy();
      return undefined;
    }
    socket.setTimeout(0);
    return new KeeperConnection(socket, messages, lost);
  }

  /** Whether the database is up, as soon as that is known; undefined when the keeper is lost before. */
  news(): Promise<KeeperNews | undefined> {
    return this.#news;
  }

  /** Resolves when the connection is over, whoever ended it. */
  lost(): Promise<void> {
    return this.#lost;
  }

  /** Holding the database must not hold a process that has nothing else to do. */
  unref(): void {
    this.#socket.unref();
  }

  async close(): Promise<void> {
    this.#socket.ref();
    this.#socket.destroy();
    await this.#lost;
  }
}

/** Undefined at the end, or at something that is none. */
async function nextMessage(lines: AsyncIterator<string>): Promise<KeeperMessage | undefined> {
  try {
    const line = await lines.next();
    return line.done === true ? undefined : keeperMessage.parse(JSON.parse(line.value));
  } catch {
    return undefined;
  }
}
