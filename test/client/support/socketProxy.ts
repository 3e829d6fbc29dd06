import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { until } from '../../support/until.js';
import {
  answerFrame,
  pushFrame,
  readFromClient,
  readFromServer,
  type OpenCommands,
  type Packet,
} from './packets.js';

/**
 * Treatment of one packet:
 *
 * - `pass`: forwards it.
 * - `drop`: loses it; the connection stays.
 * - `cut`: loses it together with the connection.
 * - `deliverAndCut`: forwards it, and cuts the connection at once. For a command: the server executes it, and its answer is lost.
 * - `deliverLate`: cuts the connection at once, and forwards the packet on `release`: a command that reaches the server after
 *   the client has given it up.
 * - `hold`: keeps it, and everything after it in this direction, until `release`.
 * - `postpone`: keeps it alone until `release`; later packets overtake it.
 * - `stall`: loses it and everything after it in both directions; the connection stays open and never ends by itself.
 * - `{ answer }`: answers a command in the server's place, which never sees it; or replaces the server's answer.
 */
export type Treatment =
  | 'pass'
  | 'drop'
  | 'cut'
  | 'deliverAndCut'
  | 'deliverLate'
  | 'hold'
  | 'postpone'
  | 'stall'
  | { answer: unknown };

/** `down`: connections are cut and refused. `silent`: connections stay and are accepted, and nothing passes. */
export type NetworkState = 'up' | 'down' | 'silent';

interface Route {
  number: number;
  near: WebSocket;
  far: WebSocket;
  open: OpenCommands;
  isStalled: boolean;
  /** True when the server's side lives on alone, to execute what was delivered. */
  isDetached: boolean;
  /** Frames kept by `hold`, in order. */
  held: { toServer: string[] | undefined; toClient: string[] | undefined };
  /** Commands that reach the server after the connection was cut. */
  late: string[];
  postponed: { to: WebSocket; frame: string }[];
  /** Frames that wait for their delay: a frame never overtakes another. */
  delayed: Promise<unknown>;
}

/** Time for which a delivered command may still be executed after its connection was cut, in ms. */
const LINGER_MS = 3_000;

/**
 * A relay between Socket.IO clients and a server that knows their packets. `judge` decides about each; everything that passed is
 * recorded. WebSockets are relayed packet by packet, long polling as it is. Use with `await using`.
 */
export class SocketProxy implements AsyncDisposable {
  /** All packets with a meaning, in the order in which they came in, whatever became of them. */
  readonly packets: Packet[] = [];
  /** Number of WebSockets accepted so far. */
  accepted = 0;
  judge: (packet: Packet) => Treatment = () => 'pass';
  /** Delay of every packet in each direction, in ms. */
  delayMs = 0;
  #network: NetworkState = 'up';
  readonly #routes = new Set<Route>();
  readonly #sockets = new Set<Socket>();
  readonly #accepting = new WebSocketServer({ noServer: true, perMessageDeflate: false });

  /** Chooses the origin of the server for each new connection. */
  target: () => string;
  /** False to keep `packets` empty, in long runs. */
  isRecording = true;
  /** Called with every packet, before it is judged. */
  onPacket: (packet: Packet) => void = () => undefined;
  onOpen: () => void = () => undefined;
  onClose: () => void = () => undefined;

  private constructor(
    readonly server: Server,
    targetUrl: string,
  ) {
    this.target = () => targetUrl;
    server.on('connection', (socket: Socket) => {
      if (this.#network === 'down') socket.destroy();
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#upgrade(incoming, socket, head),
    );
    server.on('request', (incoming: IncomingMessage, reply: ServerResponse) =>
      this.#request(incoming, reply),
    );
  }

  static async start(targetUrl: string): Promise<SocketProxy> {
    const server = createServer();
    const proxy = new SocketProxy(server, targetUrl);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Sets the origin of the server for new connections. */
  set targetUrl(url: string) {
    this.target = () => url;
  }

  /** Number of WebSockets that the clients hold now. */
  get openCount(): number {
    return [...this.#routes].filter(({ near }) => near.readyState === WebSocket.OPEN).length;
  }

  /** Changes the network for present and future connections. */
  set network(state: NetworkState) {
    this.#network = state;
    if (state === 'down') this.cut();
    if (state === 'silent') for (const route of this.#routes) route.isStalled = true;
  }

  /** Ends every connection; new ones are accepted. */
  cut(): void {
    for (const route of this.#routes) end(route);
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Makes every present connection half-open: it stays, nothing passes, and nobody is told. New ones work. */
  stall(): void {
    for (const route of this.#routes) route.isStalled = true;
  }

  /** Treats the next packet that fits. @returns a promise of it, resolved when it was treated */
  next(fits: (packet: Packet) => boolean, treatment: Treatment): Promise<Packet> {
    const judgeOthers = this.judge;
    return new Promise((resolve) => {
      this.judge = (packet) => {
        const verdict = judgeOthers(packet);
        if (verdict !== 'pass' || !fits(packet)) return verdict;
        this.judge = judgeOthers;
        resolve(packet);
        return treatment;
      };
    });
  }

  /** Forwards what `hold`, `postpone` and `deliverLate` kept, and judges no more. */
  release(): void {
    this.judge = () => 'pass';
    for (const route of this.#routes) {
      const { toServer = [], toClient = [] } = route.held;
      route.held = { toServer: undefined, toClient: undefined };
      for (const frame of [...route.late.splice(0), ...toServer]) send(route.far, frame);
      for (const frame of toClient) send(route.near, frame);
      for (const { to, frame } of route.postponed.splice(0)) send(to, frame);
    }
  }

  /** Sends a push to the clients as if it came from the server. */
  push(event: string, data: unknown): void {
    for (const { near } of this.#routes) send(near, pushFrame(event, data));
  }

  /** Returns the recorded packets of one kind, and one event if it is named. */
  recorded(kind: Packet['kind'], event?: string): Packet[] {
    return this.packets.filter(
      (packet) => packet.kind === kind && (event === undefined || packet.event === event),
    );
  }

  /** Resolves with the first recorded packet that fits, now or later. */
  seen(fits: (packet: Packet) => boolean, what = 'a packet'): Promise<Packet> {
    return until(() => this.packets.find(fits), { what, everyMs: 2 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.network = 'down';
    for (const { far } of this.#routes) far.terminate();
    this.server.close();
    if (this.server.listening) await once(this.server, 'close');
  }

  #upgrade(incoming: IncomingMessage, socket: Socket, head: Buffer): void {
    // A network that does not answer: the TCP connection stays, and the handshake never ends.
    if (this.#network !== 'up') return;
    this.#accepting.handleUpgrade(incoming, socket, head, (near) => this.#relay(near, incoming.url ?? '/'));
  }

  #relay(near: WebSocket, path: string): void {
    this.accepted += 1;
    const far = new WebSocket(this.target().replace(/^http/, 'ws') + path, { perMessageDeflate: false });
    const route: Route = {
      number: this.accepted,
      near,
      far,
      open: new Map(),
      isStalled: false,
      isDetached: false,
      held: { toServer: undefined, toClient: undefined },
      late: [],
      postponed: [],
      delayed: Promise.resolve(),
    };
    this.#routes.add(route);
    const opened = new Promise<void>((resolve) => far.once('open', resolve));
    this.onOpen();
    near.once('close', () => this.onClose());
    near.on('message', (frame: Buffer) => void opened.then(() => this.#fromClient(route, frame.toString())));
    far.on('message', (frame: Buffer) => this.#fromServer(route, frame.toString()));
    for (const side of [near, far]) side.on('error', () => undefined);
    near.on('close', () => {
      // A half-open connection, and a command on its way, outlive the client's side.
      if (!route.isStalled && !route.isDetached && route.late.length === 0) far.close();
    });
    far.on('close', (code, reason) => {
      this.#routes.delete(route);
      if (route.isStalled) return;
      // Codes of the server tell the client whether to come back.
      if (code >= 4_000) near.close(code, reason);
      else near.terminate();
    });
  }

  #fromClient(route: Route, frame: string): void {
    const packet = readFromClient(frame, route.number, route.open);
    const treatment = this.#treat(route, packet);
    if (treatment === 'deliverLate') {
      route.late.push(frame);
      route.near.terminate();
    } else if (treatment === 'deliverAndCut') {
      send(route.far, frame);
      route.isDetached = true;
      route.near.terminate();
      setTimeout(() => route.far.terminate(), LINGER_MS).unref();
    } else if (typeof treatment === 'object') {
      const { answer } = treatment;
      if (this.isRecording) this.packets.push({ ...packet, direction: 'toClient', kind: 'answer', answer });
      send(route.near, answerFrame(packet, answer));
    } else if (treatment === 'postpone') {
      route.postponed.push({ to: route.far, frame });
    } else if (treatment === 'pass' || treatment === 'hold') {
      this.#forward(route, 'toServer', { frame, treatment });
    }
  }

  #fromServer(route: Route, frame: string): void {
    const packet = readFromServer(frame, route.number, route.open);
    const treatment = this.#treat(route, packet);
    if (treatment === 'deliverAndCut') {
      route.near.send(frame, () => end(route));
    } else if (typeof treatment === 'object') {
      send(route.near, answerFrame(packet, treatment.answer));
    } else if (treatment === 'postpone') {
      route.postponed.push({ to: route.near, frame });
    } else if (treatment === 'pass' || treatment === 'hold') {
      this.#forward(route, 'toClient', { frame, treatment });
    }
  }

  /** Records a packet, and applies what concerns the whole connection. */
  #treat(route: Route, packet: Packet): Treatment {
    if (packet.kind !== 'other' && this.isRecording) this.packets.push(packet);
    if (route.isStalled) return 'drop';
    this.onPacket(packet);
    const treatment = packet.kind === 'other' ? 'pass' : this.judge(packet);
    if (treatment === 'cut') end(route);
    if (treatment === 'stall') route.isStalled = true;
    return treatment;
  }

  #forward(
    route: Route,
    direction: Packet['direction'],
    { frame, treatment }: { frame: string; treatment: Treatment },
  ): void {
    if (treatment === 'hold') route.held[direction] ??= [];
    const held = route.held[direction];
    const to = direction === 'toServer' ? route.far : route.near;
    if (held !== undefined) held.push(frame);
    else if (this.delayMs === 0) send(to, frame);
    else {
      const { delayMs } = this;
      const dueMs = performance.now() + delayMs;
      route.delayed = route.delayed.then(async () => {
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
        send(to, frame);
      });
    }
  }

  /** Long polling: forwarded as it is. */
  #request(incoming: IncomingMessage, reply: ServerResponse): void {
    if (this.#network !== 'up') return;
    const { method, headers, url } = incoming;
    const outgoing = request(this.target() + (url ?? '/'), { method, headers }, (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(reply);
    });
    outgoing.on('error', () => reply.destroy());
    reply.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }
}

function send(to: WebSocket, frame: string): void {
  if (to.readyState === WebSocket.OPEN) to.send(frame);
}

function end({ near, far }: Route): void {
  near.terminate();
  far.terminate();
}
