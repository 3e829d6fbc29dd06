import { setTimeout as wait } from 'node:timers/promises';
import { ERROR_CODES, type Answer, type CommandData, type CommandName } from '../../../contract/index.js';
import {
  createParleyClient,
  memoryStorage,
  ParleyError,
  type ClientState,
  type ParleyClient,
} from '../../../packages/client/src/index.js';
import { KEPT_WHEN_CLOSED } from '../../../packages/client/src/state/reduceMessages.js';
import { SocketProxy } from '../../client/support/socketProxy.js';
import { TestLifecycle } from '../../client/support/testLifecycle.js';
import { HIDDEN, type Entry, type Holdings } from '../checker/history.js';
import type { DeviceParts } from './device.js';
import { mayRetry, type Outgoing } from './outbox.js';
import { OwnClock } from './ownClock.js';
import type { DeviceConnection, StormDevice } from './stormDevice.js';
import { WireTap } from './wireTap.js';

export type SdkDeviceParts = Omit<DeviceParts, 'transport' | 'patienceMs' | 'store'>;

const RETRY_MS = 200;

/**
 * A device that runs the SDK: its storage stays while the app is closed and opened again. A relay between it and the servers
 * logs its wire for the checker, and chooses a server for each connection as a load balancer does.
 */
export class SdkDevice implements StormDevice {
  readonly connection: DeviceConnection;
  readonly #lifecycle = new TestLifecycle();
  readonly #storage = memoryStorage();
  readonly #tap: WireTap;
  readonly #clock: OwnClock;
  /** The relay and the app, once opened. */
  #proxy: SocketProxy | undefined;
  #client: ParleyClient | undefined;
  #starting: Promise<void> | undefined;
  #isRestored = false;
  #isStopped = false;
  #isUp = false;
  #server: string | undefined;
  /** Unsent messages when the app was closed. */
  #unsentBefore = 0;
  /** Ids that the next messages have to carry. */
  readonly #ids: string[] = [];

  constructor(readonly parts: SdkDeviceParts) {
    this.#clock = new OwnClock(parts);
    this.#tap = new WireTap({
      log: (entry) => this.log(entry),
      now: () => parts.log.now(),
      isStored: parts.isStored,
    });
    this.connection = this.#connectionView();
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get unsent(): number {
    if (this.#client === undefined || !this.#isRestored) return this.#unsentBefore;
    return this.#client.outbox.getPending().filter(({ status }) => status === 'pending').length;
  }

  token(): string {
    return this.#clock.token();
  }

  log(entry: Entry): void {
    const { client, user, log } = this.parts;
    log.add({ client, user, server: this.#server }, entry);
  }

  newClientMessageId(): string {
    return this.#clock.newClientMessageId();
  }

  head(conversationId: string): number {
    return this.#state?.conversations[conversationId]?.lastSeq ?? 0;
  }

  hasAll(heads: ReadonlyMap<string, number>): boolean {
    const state = this.#state;
    if (state === undefined) return false;
    return [...heads].every(([id, head]) => {
      const conversation = state.conversations[id];
      const positions = conversation?.positions[this.parts.user];
      return (
        idsOf(state, id).length >= head &&
        !idsOf(state, id).includes('hole') &&
        (positions?.delivered ?? 0) >= head &&
        (positions?.read ?? 0) >= (state.reads[id] ?? 0)
      );
    });
  }

  say(conversationId: string, { clientMessageId, content, hangUp }: Partial<Outgoing> = {}): void {
    if (this.#client === undefined) return;
    const id = clientMessageId ?? this.newClientMessageId();
    this.#ids.push(id);
    if (hangUp === true) {
      const isIt = (payload: unknown): boolean =>
        (payload as { clientMessageId?: string }).clientMessageId === id;
      void this.#proxy?.next(({ kind, payload }) => kind === 'command' && isIt(payload), 'deliverAndCut');
    }
    const text = content ?? this.#clock.text(id);
    this.#client.conversation(conversationId).sendMessage({ text });
  }

  async open(withUser: string): Promise<string | undefined> {
    const answer = await this.ask('getOrCreateDirect', { otherUserId: withUser });
    if (answer === undefined) return undefined;
    const { conversation, created } = answer;
    this.log({ kind: 'opened', withUser, conversationId: conversation._id, created });
    return conversation._id;
  }

  /** Reports everything held so far as read. */
  read(conversationId: string): Promise<void> {
    const state = this.#state;
    const ids = state === undefined ? [] : idsOf(state, conversationId);
    const hole = ids.indexOf('hole');
    const through = hole === -1 ? ids.length : hole;
    if (through > 0) this.#client?.conversation(conversationId).markRead(through);
    return Promise.resolve();
  }

  async browse(conversationId: string, where: { before?: number; limit: number }): Promise<void> {
    await this.#call('getMessages', { conversationId, ...where });
  }

  async list(): Promise<void> {
    await this.#call('getConversations', { limit: 100 });
  }

  /** Loads what the device does not hold yet: everything that its user would see by scrolling up everywhere. */
  async sync(): Promise<void> {
    this.#lifecycle.changeNetwork(true);
    for (const id of Object.keys(this.#state?.conversations ?? {})) {
      const handle = this.#client?.conversation(id);
      if (handle === undefined || !this.#isUp) return;
      await handle.open().catch(() => undefined);
      while ((await handle.loadOlder().catch(() => false)) && !this.#isStopped);
      // Closed, a longer one keeps only its newest messages in memory: the device would never have caught up.
      if (this.head(id) <= KEPT_WHEN_CLOSED) handle.close();
    }
  }

  async ask<Name extends CommandName>(
    event: Name,
    payload: Record<string, unknown>,
  ): Promise<CommandData<Name> | undefined> {
    while (!this.#isStopped) {
      const answer = await this.#call(event, payload);
      if (answer?.success === true) return answer.data;
      if (answer !== undefined && !mayRetry(answer.code)) {
        const id = payload['conversationId'];
        const conversationId = typeof id === 'string' ? id : undefined;
        this.log({ kind: 'surprise', command: event, code: answer.code, conversationId });
        return undefined;
      }
      await wait(answer?.retryAfterMs ?? RETRY_MS);
    }
    return undefined;
  }

  tryForbidden<Name extends CommandName>(
    event: Name,
    payload: Record<string, unknown>,
  ): Promise<Answer<CommandData<Name>> | undefined> {
    this.#tap.leaveOut(event, payload);
    return this.#call(event, payload);
  }

  testify(): void {
    const state = this.#state;
    if (state === undefined) return;
    const holdings: Holdings = Object.fromEntries(
      Object.keys(state.conversations).map((id) => [id, idsOf(state, id)]),
    );
    this.log({ kind: 'final', holdings });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#close();
    await this.#proxy?.[Symbol.asyncDispose]();
  }

  #connectionView(): DeviceConnection {
    const isUp = (): boolean => this.#isUp;
    const server = (): string | undefined => this.#server;
    return {
      get isUp() {
        return isUp();
      },
      get server() {
        return server();
      },
      open: () => this.#open(),
      close: () => this.#close(),
      hangUp: () => this.#proxy?.cut(),
      call: (event, payload) => this.#call(event, payload),
    };
  }

  get #state(): ClientState | undefined {
    return this.#client?.state.getSnapshot();
  }

  #open(): void {
    this.#starting ??= this.#start().catch((error: unknown) => {
      // An SDK that cannot start is a failure of the run: it is found as a device that does not catch up.
      console.error(`${this.parts.client} could not start`, error);
    });
  }

  async #start(): Promise<void> {
    this.#proxy ??= await this.#relay();
    const client = createParleyClient({
      url: this.#proxy.url,
      userId: this.parts.user,
      storage: this.#storage,
      lifecycle: this.#lifecycle,
      transports: ['websocket'],
      getToken: () => Promise.resolve(this.token()),
      randomUUID: () => this.#ids.shift() ?? this.newClientMessageId(),
    });
    this.#client = client;
    client.on('violation', (violation) => {
      const { kind, conversationId, evidence } = violation;
      this.log({ kind: 'violation', promise: kind, conversationId, details: JSON.stringify(evidence) });
    });
    client.connectionState.subscribe(() => this.#takeState(client));
    await client.connect();
    this.#isRestored = true;
    for (const id of this.parts.crowds())
      void client
        .conversation(id)
        .open()
        .catch(() => undefined);
  }

  async #relay(): Promise<SocketProxy> {
    const proxy = await SocketProxy.start('');
    proxy.isRecording = false;
    proxy.target = () => {
      const node = this.parts.balancer.next(this.#server);
      this.#server = node.name;
      return node.clientProxy.url;
    };
    proxy.onPacket = (packet) => this.#tap.take(packet);
    return proxy;
  }

  #takeState(client: ParleyClient): void {
    const { status } = client.connectionState.getSnapshot();
    const isUp = status === 'online' || status === 'syncing';
    if (isUp === this.#isUp || client !== this.#client) return;
    this.#isUp = isUp;
    this.log(isUp ? { kind: 'connected' } : { kind: 'disconnected', reason: status });
  }

  /** Closes the app: what it shows next comes from its storage. */
  async #close(): Promise<void> {
    await this.#starting;
    const client = this.#client;
    if (client === undefined) return;
    this.#unsentBefore = this.unsent;
    this.#client = undefined;
    this.#starting = undefined;
    this.#isRestored = false;
    this.#isUp = false;
    await client.dispose();
  }

  async #call<Name extends CommandName>(
    event: Name,
    payload: Record<string, unknown>,
  ): Promise<Answer<CommandData<Name>> | undefined> {
    if (this.#client === undefined) return undefined;
    try {
      // The payloads of the tests are checked by the server, some are wrong on purpose.
      const data: unknown = await this.#client.command(event, payload);
      return { success: true, data: data as CommandData<Name> };
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
      const { message, retryAfterMs } = error;
      const code = ERROR_CODES.find((one) => one === error.code);
      // Codes of the client itself: there was no answer.
      if (code === undefined) return undefined;
      return { success: false, code, error: message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    }
  }
}

/** Ids of a conversation's entries by `seq` from 1 on; `hole` marks missing ones. */
function idsOf(state: ClientState, conversationId: string): string[] {
  const log = state.logs[conversationId] ?? [];
  const head = Math.max(state.conversations[conversationId]?.lastSeq ?? 0, log.at(-1)?.seq ?? 0);
  const ids = new Map(log.map(({ seq, _id }) => [seq, _id ?? HIDDEN]));
  return Array.from({ length: head }, (_, index) => ids.get(index + 1) ?? 'hole');
}
