import { io, type Socket } from 'socket.io-client';
import type {
  Answer,
  ClientToServerEvents,
  CommandData,
  CommandName,
  PushData,
  PushName,
  ServerToClientEvents,
  Success,
} from '../../contract/index.js';
import { until } from './until.js';

export type ClientSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** An event that was received. */
export interface Heard {
  event: string;
  answer: unknown;
}

/** A guard against hanging: every command is answered long before. */
const ACK_TIMEOUT_MS = 60_000;

/** A socket that sends and receives any event with any arguments. */
interface RawSocket {
  emit(event: string, ...args: unknown[]): void;
  emitWithAck(event: string, ...args: unknown[]): Promise<unknown>;
}

/** A connected client that records everything it receives. */
export class TestClient implements AsyncDisposable {
  readonly heard: Heard[] = [];

  constructor(
    readonly socket: ClientSocket,
    readonly userId: string,
  ) {
    socket.onAny((event: string, answer: unknown) => this.heard.push({ event, answer }));
  }

  /** The socket without the contract's types, for input that the types forbid. */
  get raw(): RawSocket {
    return this.socket;
  }

  /** Sends a command with any payload. Resolves with the acknowledged answer. */
  async call<Name extends CommandName>(event: Name, payload?: unknown): Promise<Answer<CommandData<Name>>> {
    const args = payload === undefined ? [] : [payload];
    return await this.socket.timeout(ACK_TIMEOUT_MS).emitWithAck(event, ...(args as never));
  }

  /** Sends a command, and fails unless it succeeded. */
  async ok<Name extends CommandName>(event: Name, payload?: unknown): Promise<CommandData<Name>> {
    const answer = await this.call(event, payload);
    if (!answer.success) throw new Error(`${event} was refused: ${answer.code} ${answer.error}`);
    return answer.data;
  }

  /** Returns the data of all received pushes of one event, in order. */
  pushes<Name extends PushName>(event: Name): PushData<Name>[] {
    return this.heard
      .filter((one) => one.event === event)
      .map((one) => (one.answer as Success<PushData<Name>>).data);
  }

  /** Resolves with the first push that matches, including those received already. */
  next<Name extends PushName>(
    event: Name,
    fits: (data: PushData<Name>) => boolean = () => true,
  ): Promise<PushData<Name>> {
    return until(() => this.pushes(event).find(fits), { what: `${event} for ${this.userId}` });
  }

  /** Opens the direct conversation with a user. */
  async open(otherUserId: string): Promise<string> {
    return (await this.ok('getOrCreateDirect', { otherUserId })).conversation._id;
  }

  send(conversationId: string, content: string, clientMessageId: string = crypto.randomUUID()) {
    return this.call('sendMessage', { conversationId, content, clientMessageId });
  }

  close(): void {
    this.socket.disconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}

export interface ConnectOptions {
  token: string;
  transports?: ('websocket' | 'polling')[];
  reconnection?: boolean;
  headers?: Record<string, string>;
}

/** Thrown when a handshake is refused; contains the failure from `connect_error`. */
export class Refused extends Error {
  constructor(readonly data: unknown) {
    super('the handshake was refused');
  }
}

export function openSocket(url: string, options: ConnectOptions): ClientSocket {
  return io(url, {
    auth: { token: options.token },
    transports: options.transports ?? ['websocket'],
    reconnection: options.reconnection ?? false,
    forceNew: true,
    ...(options.headers && { extraHeaders: options.headers }),
  });
}

/** Connects. @throws Refused. */
export async function connectClient(
  url: string,
  userId: string,
  options: ConnectOptions,
): Promise<TestClient> {
  const socket = openSocket(url, options);
  const client = new TestClient(socket, userId);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) =>
      reject(new Refused('data' in error ? error.data : error.message)),
    );
  }).catch((error: unknown) => {
    socket.disconnect();
    throw error;
  });
  return client;
}
