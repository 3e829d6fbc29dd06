import { backoffMs } from '../connection/backoff.js';
import type { Link, LinkEvents } from '../connection/link.js';
import { createTokens, type Tokens } from '../connection/tokens.js';
import { tokenTrouble } from '../connection/trouble.js';
import { ParleyError } from '../errors/parleyError.js';
import type { ConnectionState } from '../state/types.js';
import { Cache } from '../storage/cache.js';
import { noStorage } from '../storage/noStorage.js';
import { OutboxStorage } from '../storage/outboxStorage.js';
import type { ParleyStorage } from '../storage/storage.js';
import { UserStorage } from '../storage/userStorage.js';
import { browserLifecycle } from './browserLifecycle.js';
import { createLink } from './createLink.js';
import { DeviceMemory } from './deviceMemory.js';
import type { Engine } from './engine.js';

const TOKEN_RETRY = { firstMs: 500, maxMs: 15_000 };

/**
 * The beginning and the end of everything: connecting, signing in, changing the user, signing out, disposing. It owns what
 * belongs to one user: the link, the storage area and the cache.
 */
export class Lifespan {
  readonly #engine: Engine;
  readonly #storage: ParleyStorage;
  readonly #tokens: Tokens;
  readonly #device: DeviceMemory;
  readonly #removers: (() => void)[] = [];
  #area: UserStorage | undefined;
  /** Whatever is stored in `#area` is shown. */
  #entered: Promise<void> = Promise.resolve();
  /** Number of the current run: whatever belongs to an earlier one ends at its next step. */
  #run = 0;
  #isRunning = false;
  #starting: Promise<void> | undefined;
  #confirmedUserId: string | undefined;

  constructor(engine: Engine) {
    const { options, logger } = engine;
    this.#engine = engine;
    this.#storage = options.storage ?? noStorage;
    this.#tokens = createTokens({ getToken: options.getToken, logger });
    this.#device = new DeviceMemory(this.#storage, (error) => this.#reportStorage(error));
    this.#follow();
  }

  #reportStorage(error: { operation: 'open' | 'read' | 'write'; cause: unknown }): void {
    this.#engine.logger.warn('the storage failed', {
      operation: error.operation,
      cause: String(error.cause),
    });
    this.#engine.events.emit('storageError', error);
  }

  /** Follows the app between foreground and background, and from network to network. */
  #follow(): void {
    const { options, sync } = this.#engine;
    const lifecycle = options.lifecycle ?? browserLifecycle();
    if (lifecycle === undefined) return;
    const returned = (isBack: boolean): void => {
      if (!isBack) {
        void this.#engine.cache?.flush();
        return;
      }
      this.#engine.link?.hurry();
      // A connection may look open and be dead after a sleep or a change of the network.
      sync.probe();
    };
    this.#removers.push(
      lifecycle.onForegroundChange(returned),
      lifecycle.onNetworkChange((isReachable) => {
        returned(isReachable);
        // Without a network, the connection would look open until the next heartbeat.
        if (!isReachable) sync.probe();
      }),
      lifecycle.onSuspend(() => void this.#engine.cache?.flush()),
    );
  }

  #setConnection(connection: ConnectionState): void {
    this.#engine.store.dispatch({ type: 'connection', connection });
  }

  connect(): Promise<void> {
    if (this.#engine.isClosed)
      return Promise.reject(new ParleyError('CLOSED', 'The client was disposed of.'));
    const { status } = this.#engine.store.getState().connection;
    if (this.#isRunning && status !== 'ended') return this.#starting ?? Promise.resolve();
    this.#isRunning = true;
    this.#run += 1;
    this.#engine.link?.stop();
    this.#setConnection({ status: 'connecting' });
    this.#starting = this.#start(this.#run);
    return this.#starting;
  }

  async #start(run: number): Promise<void> {
    const { options, store } = this.#engine;
    const known = store.getState().userId;
    const userId = options.userId ?? (known === '' ? await this.#device.lastUserId() : known);
    if (run !== this.#run) return;
    if (userId === undefined) {
      void this.#identify(run);
      return;
    }
    await this.#enter(userId);
    if (run === this.#run) this.#startLink();
  }

  /** Waits for the first token, which tells the user. */
  async #identify(run: number): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const result = await this.#tokens.get(attempt === 0 ? 'connect' : 'refused');
      if (run !== this.#run) return;
      if (result === 'signedOut') {
        this.#end({ code: 'SIGNED_OUT', reason: 'getToken gave no token.' });
        return;
      }
      if (result !== 'failed') {
        await this.#begin(result.token.userId, run);
        return;
      }
      this.#setConnection({ status: 'reconnecting', ...tokenTrouble(this.#tokens) });
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, TOKEN_RETRY)));
      if (run !== this.#run) return;
    }
  }

  /** Shows what is stored for the user of a token, and connects. */
  async #begin(userId: string | undefined, run: number): Promise<void> {
    if (userId === undefined) {
      this.#end({ code: 'UNAUTHENTICATED', reason: 'The token names no user (claim "sub").' });
      return;
    }
    await this.#enter(userId);
    if (run !== this.#run) return;
    this.#confirmUser(userId);
    this.#startLink();
  }

  #end(state: Omit<ConnectionState, 'status'>): void {
    this.#setConnection({ status: 'ended', ...state });
  }

  /** Shows what is stored for a user. */
  #enter(userId: string): Promise<void> {
    if (this.#area?.userId !== userId) this.#entered = this.#openArea(userId);
    return this.#entered;
  }

  async #openArea(userId: string): Promise<void> {
    const { store, outbox, uploads, history } = this.#engine;
    if (store.getState().userId !== userId) store.dispatch({ type: 'userChanged', userId });
    const area = this.#newArea(userId);
    const cache = new Cache({
      store,
      storage: area,
      writer: this.#engine.newId(),
      onRestored: (id) => history.complete(id),
    });
    this.#area = area;
    this.#engine.cache = cache;
    outbox.useStorage(new OutboxStorage(area));
    // Messages of the outbox wait for uploads: these are known first.
    const restored = Promise.resolve(uploads?.enter(area)).then(() => outbox.restore());
    const [stored] = await Promise.all([cache.read(), restored]);
    if (this.#area !== area) return;
    if (stored !== undefined) {
      store.dispatch({ type: 'restored', stored });
      for (const id of Object.keys(store.getState().open)) void cache.restoreLog(id);
    }
  }

  #startLink(): void {
    const { engine, link } = { engine: this.#engine, link: this.#createLink() };
    engine.link = link;
    engine.uploads?.useTabs(link.tabs);
    engine.outbox.useTabs(link.tabs);
    link.start();
  }

  #createLink(): Link {
    const { options, logger, newId } = this.#engine;
    // A user whom only the storage remembers may have signed out meanwhile: the token decides.
    const userId = options.userId ?? this.#confirmedUserId;
    let link: Link | undefined = undefined;
    // Reports of a link that was replaced are ignored.
    const isCurrent = (): boolean => link === undefined || link === this.#engine.link;
    const events: LinkEvents = {
      onState: (state) => {
        if (isCurrent()) this.#setConnection(state);
      },
      onOnline: () => {
        if (isCurrent()) this.#engine.sync.start();
      },
      onOffline: () => {
        if (isCurrent()) this.#engine.stopParts();
      },
      onPush: (name, data) => {
        if (isCurrent()) this.#takePush(name, data);
      },
      onUser: (tokenUserId) => isCurrent() && this.#confirmUser(tokenUserId),
      onLeader: (isLeader) => {
        if (!isCurrent()) return;
        this.#engine.uploads?.setLeader(isLeader);
        this.#engine.outbox.setLeader(isLeader);
        this.#engine.cache?.setWriting(isLeader);
      },
    };
    link = createLink({ options, userId, tokens: this.#tokens, events, logger, newId });
    return link;
  }

  #takePush(name: string, data: unknown): void {
    if (name === 'message:new') this.#engine.checks.pushed(data);
    this.#engine.sync.push(name, data);
  }

  /** A token names its user. @returns false when this connection is not for them */
  #confirmUser(userId: string): boolean {
    const { options, store } = this.#engine;
    if (options.userId !== undefined && userId !== options.userId) {
      // The next `connect` asks for another one.
      this.#tokens.clear();
      return false;
    }
    if (store.getState().userId !== userId) {
      this.#run += 1;
      this.#starting = this.#changeUser(userId, this.#run);
      return false;
    }
    if (this.#confirmedUserId === userId) return true;
    this.#confirmedUserId = userId;
    if (options.userId === undefined) void this.#remember(userId);
    return true;
  }

  /** Remembers the user. Whatever is stored for the one who was signed in before is removed. */
  async #remember(userId: string): Promise<void> {
    const former = await this.#device.lastUserId();
    if (former === userId) return;
    if (former !== undefined) await this.#newArea(former).wipe();
    await this.#device.remember(userId);
  }

  #newArea(userId: string): UserStorage {
    return new UserStorage(this.#storage, userId, (error) => this.#reportStorage(error));
  }

  /** Another user has signed in: nothing of the former one is left behind. */
  async #changeUser(userId: string, run: number): Promise<void> {
    const area = this.#leave(new ParleyError('SIGNED_OUT', 'Another user has signed in.'));
    this.#engine.store.dispatch({ type: 'userChanged', userId });
    this.#setConnection({ status: 'connecting' });
    await area?.wipe();
    if (run === this.#run) await this.#begin(userId, run);
  }

  /** Ends whatever belongs to the current user. @returns their area, which is still to be closed or wiped */
  #leave(error: ParleyError): UserStorage | undefined {
    const engine = this.#engine;
    const area = this.#area;
    this.#stopLink();
    engine.outbox.abandon(error);
    engine.forgetUser();
    void engine.cache?.dispose();
    engine.cache = undefined;
    this.#area = undefined;
    this.#confirmedUserId = undefined;
    return area;
  }

  #stopLink(): void {
    const { link, outbox, uploads, cache } = this.#engine;
    this.#engine.link = undefined;
    for (const part of [uploads, outbox]) {
      part?.useTabs(undefined);
      // Another tab may lead from now on.
      part?.setLeader(false);
    }
    cache?.setWriting(false);
    link?.stop();
    this.#engine.stopParts();
  }

  async disconnect(): Promise<void> {
    this.#isRunning = false;
    this.#run += 1;
    const flushed = this.#engine.cache?.flush();
    this.#stopLink();
    this.#setConnection({ status: 'idle' });
    await flushed;
  }

  async logout(): Promise<void> {
    this.#isRunning = false;
    this.#run += 1;
    const { store } = this.#engine;
    const userId = store.getState().userId || this.#engine.options.userId;
    const area = this.#leave(new ParleyError('SIGNED_OUT', 'The user has signed out.'));
    this.#tokens.clear();
    store.dispatch({ type: 'userChanged', userId: '' });
    this.#setConnection({ status: 'idle' });
    await Promise.all([this.#wipe(area, userId), this.#device.forget()]);
  }

  /** Also for a client that was never connected: what is stored for the user goes. */
  async #wipe(area: UserStorage | undefined, userId: string | undefined): Promise<void> {
    const known = area?.userId ?? userId ?? (await this.#device.lastUserId());
    if (known === undefined) return;
    await (area ?? this.#newArea(known)).wipe();
  }

  async dispose(): Promise<void> {
    const engine = this.#engine;
    if (engine.isClosed) return;
    engine.isClosed = true;
    const { cache } = engine;
    const area = this.#area;
    const disconnected = this.disconnect();
    for (const remove of this.#removers) remove();
    engine.outbox.abandon(new ParleyError('CLOSED', 'The client was disposed of.'));
    engine.disposeParts();
    await disconnected;
    await cache?.dispose();
    await Promise.all([area?.close(), this.#device.close()]);
  }
}
