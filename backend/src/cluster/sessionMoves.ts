import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LIMITS } from '../../../contract/index.js';
import type { ChatServer } from '../socket/types.js';

export interface SessionMovesParts {
  http: Server;
  io: ChatServer;
  /** This worker's number: the beginning of the session ids that it gives out. */
  workerId: number;
  /** Hands a connection, and the bytes that were read from it, to the worker of this number. */
  move: (to: number, bytes: Buffer, socket: Socket) => void;
}

type UpgradeListener = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

const PATH = '/socket.io/';
/** The session that a request belongs to, as the number of its worker. */
const SESSION = /[?&]sid=(\d{1,9})-/;
/** Written anew for the moved request: its body travels in one piece. */
const ABOUT_THE_BODY = /^(content-length|transfer-encoding|expect)$/i;

/**
 * Keeps a session of several requests (long polling, and the step from it to a WebSocket) with its worker. Session ids
 * begin with the number of the worker that made them; a worker that reads a request of another one's session moves the
 * connection there, with what it has read. The client sends nothing more before it is answered, so nothing can be
 * on its way to the wrong process; and a connection that stays open is at the right worker from then on.
 */
export class SessionMoves {
  /** Came from another worker: their first request is answered here, whatever it says, or it would travel for ever. */
  readonly #adopted = new WeakSet<Socket>();

  constructor(readonly parts: SessionMovesParts) {
    const { http, io, workerId } = parts;
    io.engine.generateId = () => `${workerId}-${randomBytes(15).toString('base64url')}`;
    // Ours come before those that are there.
    const onRequest = http.listeners('request') as RequestListener[];
    http.removeAllListeners('request');
    http.on('request', (request, response) => {
      const to = this.#ownerOf(request);
      if (to === undefined) for (const listener of onRequest) listener.call(http, request, response);
      else void this.#moveRequest(to, request, response);
    });
    const onUpgrade = http.listeners('upgrade') as UpgradeListener[];
    http.removeAllListeners('upgrade');
    http.on('upgrade', (request, socket: Socket, head) => {
      const to = this.#ownerOf(request);
      if (to === undefined) for (const listener of onUpgrade) listener.call(http, request, socket, head);
      else parts.move(to, Buffer.concat([toHead(request, undefined), head]), socket);
    });
  }

  /** A connection that another worker moved here, and what it had read. */
  adopt(socket: Socket, bytes: Buffer): void {
    this.#adopted.add(socket);
    this.parts.http.emit('connection', socket);
    socket.unshift(bytes);
  }

  /** The other worker that has this request's session, if one has. */
  #ownerOf(request: IncomingMessage): number | undefined {
    if (this.#adopted.delete(request.socket) || request.url?.startsWith(PATH) !== true) return undefined;
    const owner = Number(SESSION.exec(request.url)?.[1] ?? this.parts.workerId);
    return owner === this.parts.workerId ? undefined : owner;
  }

  async #moveRequest(to: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const body = await readBody(request);
    if (body === 'aborted') return;
    if (body === 'too large') {
      response.writeHead(413, { connection: 'close' }).end();
      return;
    }
    response.detachSocket(socket);
    this.parts.move(to, Buffer.concat([toHead(request, body.length), body]), socket);
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | 'too large' | 'aborted'> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LIMITS.maxFrameBytes) return 'too large';
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch {
    return 'aborted';
  }
}

/** The head of a request as it came, with the length of its body where it may have one. */
function toHead(request: IncomingMessage, bodyBytes: number | undefined): Buffer {
  const lines = [`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/${request.httpVersion}`];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? '';
    if (bodyBytes !== undefined && ABOUT_THE_BODY.test(name)) continue;
    lines.push(`${name}: ${request.rawHeaders[index + 1] ?? ''}`);
  }
  if (bodyBytes !== undefined && bodyBytes > 0) lines.push(`Content-Length: ${bodyBytes}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
