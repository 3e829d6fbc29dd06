import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { supervisorMessage, type SupervisorFile, type SupervisorMessage } from './supervisorFile.js';

/** A supervisor answers the token at once. No answer within this time: another program has its port. */
const ATTACH_TIMEOUT_MS = 2_000;

/** Outcome of the engine's start: ready with an address, or failed. */
export type EngineOutcome = Exclude<SupervisorMessage, { state: 'attached' }>;

/** A user's connection to a supervisor. The supervisor keeps the database running while it is open. */
export class SupervisorConnection {
  readonly #socket: Socket;
  readonly #outcome: Promise<EngineOutcome | undefined>;
  readonly #closed: Promise<void>;

  private constructor(socket: Socket, messages: AsyncIterator<string>, closed: Promise<void>) {
    this.#socket = socket;
    this.#closed = closed;
    this.#outcome = nextMessage(messages).then((message) =>
      message?.state === 'attached' ? undefined : message,
    );
  }

  /** Returns undefined when no supervisor answers at the port in the file. */
  static async open(file: SupervisorFile): Promise<SupervisorConnection | undefined> {
    const socket = connect({ port: file.controlPort, host: '127.0.0.1' });
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(ATTACH_TIMEOUT_MS, () => socket.destroy());
    socket.write(`${file.token}\n`);
    const messages = createInterface({ input: socket })[Symbol.asyncIterator]();
    if ((await nextMessage(messages))?.state !== 'attached') {
      socket.destroy();
      return undefined;
    }
    socket.setTimeout(0);
    return new SupervisorConnection(socket, messages, closed);
  }

  /** Resolves when the engine has started or failed. Undefined when the connection ends before. */
  outcome(): Promise<EngineOutcome | undefined> {
    return this.#outcome;
  }

  /** Resolves when the connection has ended, from either side. */
  closed(): Promise<void> {
    return this.#closed;
  }

  /** Lets this process exit while the connection is open. */
  unref(): void {
    this.#socket.unref();
  }

  async close(): Promise<void> {
    this.#socket.ref();
    this.#socket.destroy();
    await this.#closed;
  }
}

/** Returns undefined at the end of the stream, and for a line that is no message of a supervisor. */
async function nextMessage(lines: AsyncIterator<string>): Promise<SupervisorMessage | undefined> {
  try {
    const line = await lines.next();
    return line.done === true ? undefined : supervisorMessage.parse(JSON.parse(line.value));
  } catch {
    return undefined;
  }
}
