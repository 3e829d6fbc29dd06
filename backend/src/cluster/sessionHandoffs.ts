import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LIMITS } from '../../../contract/index.js';
import type { ChatServer } from '../socket/types.js';

export interface SessionHandoffsDeps {
  http: Server;
  io: ChatServer;
  /** Id of this worker: the prefix of the session ids that it generates. */
  workerId: number;
  /** Passes a connection, and the bytes already read from it, to the worker with this id. */
  move: (to: number, bytes: Buffer, socket: Socket) => void;
}

type UpgradeListener = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

const PATH = '/socket.io/';
/** Matches the id of the worker that owns the session of a request. */
const SESSION = /[?&]sid=(\d{1,9})-/;
/** Headers that describe the body. They are replaced in a moved request, because its body is sent in one piece. */
const BODY_HEADERS = /^(content-length|transfer-encoding|expect)$/i;

/**
 * Keeps the requests of one session (long polling, and the upgrade to a WebSocket) on one worker. Session ids begin
 * with the id of the worker that generated them. A worker that receives a request of another worker's session passes
 * the connection on, with the bytes that it has read. A client sends nothing more until it has the response, so no
 * bytes reach the wrong process, and a keep-alive connection stays with the right worker from then on.
 */
export class SessionHandoffs {
  /**
   * Sockets from other workers. Their first request is answered here in any case, so that it cannot be passed on in a
   * loop.
   */
  readonly #adopted = new WeakSet<Socket>();

  constructor(readonly deps: SessionHandoffsDeps) {
    const { http, io, workerId } = deps;
    io.engine.generateId = () => `${workerId}-${randomBytes(15).toString('base64url')}`;
    // These listeners run before the existing ones.
    const requestListeners = http.listeners('request') as RequestListener[];
    http.removeAllListeners('request');
    http.on('request', (request, response) => {
      const to = this.#ownerOf(request);
      if (to === undefined) for (const listener of requestListeners) listener.call(http, request, response);
      else void this.#moveRequest(to, request, response);
    });
    const upgradeListeners = http.listeners('upgrade') as UpgradeListener[];
    http.removeAllListeners('upgrade');
    http.on('upgrade', (request, socket: Socket, head) => {
      const to = this.#ownerOf(request);
      if (to === undefined)
        for (const listener of upgradeListeners) listener.call(http, request, socket, head);
      else deps.move(to, Buffer.concat([toHead(request, undefined), head]), socket);
    });
  }

  /** Takes over a connection that another worker passed on, with the bytes that were read from it. */
  adopt(socket: Socket, bytes: Buffer): void {
    this.#adopted.add(socket);
    this.deps.http.emit('connection', socket);
    socket.unshift(bytes);
  }

  /**
   * Returns the id of the other worker that owns the session of this request; undefined when it is this worker or none.
   */
  #ownerOf(request: IncomingMessage): number | undefined {
    if (this.#adopted.delete(request.socket) || request.url?.startsWith(PATH) !== true) return undefined;
    const owner = Number(SESSION.exec(request.url)?.[1] ?? this.deps.workerId);
    return owner === this.deps.workerId ? undefined : owner;
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
    this.deps.move(to, Buffer.concat([toHead(request, body.length), body]), socket);
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

/** Serializes the request line and headers, with the length of the body where it may have one. */
function toHead(request: IncomingMessage, bodyBytes: number | undefined): Buffer {
  const lines = [`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/${request.httpVersion}`];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? '';
    if (bodyBytes !== undefined && BODY_HEADERS.test(name)) continue;
    lines.push(`${name}: ${request.rawHeaders[index + 1] ?? ''}`);
  }
  if (bodyBytes !== undefined && bodyBytes > 0) lines.push(`Content-Length: ${bodyBytes}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
