import type { ParleyEvents } from '../api/events.js';
import type { ParleyClientOptions, ParleyLogger } from '../api/options.js';
import type { Ask, Link, LinkAnswer } from '../connection/link.js';
import { Emitter } from '../observable/emitter.js';
import { createStore, type Store } from '../observable/store.js';
import { Outbox } from '../outbox/outbox.js';
import { PromiseChecks } from '../promises/promiseChecks.js';
import { createState, isConnected } from '../state/reduce.js';
import type { Cache } from '../storage/cache.js';
import { Arrivals } from '../sync/arrivals.js';
import { History } from '../sync/history.js';
import { MuteEnds } from '../sync/muteEnds.js';
import { PresenceWatch } from '../sync/presence.js';
import { Pushes } from '../sync/pushes.js';
import { Receipts } from '../sync/receipts.js';
import { ServerClock } from '../sync/serverClock.js';
import { Sync } from '../sync/sync.js';
import { Typing } from '../sync/typing.js';
import { Viewing } from '../sync/viewing.js';
import type { UploadsPart } from '../uploads/part.js';
import type { PushMap } from '../wire/index.js';
import { platformUuid } from './ids.js';

const SILENT: ParleyLogger = { debug: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * The parts of a client around one store. They live as long as the client; the link and the cache belong to one user, and are
 * exchanged by `Lifespan`.
 */
export class Engine {
  readonly options: ParleyClientOptions;
  readonly logger: ParleyLogger;
  readonly newId: () => string;
  readonly store: Store;
  readonly events: Emitter<ParleyEvents>;
  readonly pushEvents: Emitter<PushMap>;
  readonly checks: PromiseChecks;
  readonly history: History;
  readonly outbox: Outbox;
  readonly uploads: UploadsPart | undefined;
  readonly sync: Sync;
  readonly pushes: Pushes;
  readonly receipts: Receipts;
  readonly presence: PresenceWatch;
  readonly viewing: Viewing;
  readonly typing: Typing;
  readonly #muteEnds: MuteEnds;
  readonly #arrivals: Arrivals;
  link: Link | undefined;
  cache: Cache | undefined;
  /** The client was disposed of. */
  isClosed = false;
  /** Messages are sent on this connection. */
  #hasStarted = false;

  // eslint-disable-next-line max-lines-per-function -- The composition root: a list of what is made.
  constructor(options: ParleyClientOptions) {
    this.options = options;
    this.logger = options.logger ?? SILENT;
    this.newId = options.randomUUID ?? platformUuid;
    const onListenerError = (error: unknown): void =>
      this.logger.error('a listener has thrown', { error: String(error) });
    this.store = createStore(createState(''), onListenerError);
    this.events = new Emitter(onListenerError);
    this.pushEvents = new Emitter(onListenerError);
    const { store, ask } = this;
    const base = { store, ask };
    this.checks = new PromiseChecks({
      store,
      onViolation: (violation) => {
        this.logger.error('the server broke a promise', { ...violation });
        this.events.emit('violation', violation);
      },
    });
    this.#arrivals = new Arrivals((message) => this.events.emit('messageReceived', message));
    this.history = new History({
      ...base,
      onReload: () => this.sync.reload(),
      restoreLog: async (id) => this.cache?.restoreLog(id),
      onPage: (id, page) => this.#arrivals.loaded(store.getState(), id, page.messages),
    });
    this.typing = new Typing({ store, tell: (name, payload) => this.link?.tell(name, payload) });
    this.pushes = new Pushes({
      ...base,
      history: this.history,
      typing: this.typing,
      arrivals: this.#arrivals,
      clock: new ServerClock(store),
      onRemoved: (event) => this.events.emit('conversationRemoved', event),
      onUnknownConversation: () => this.sync.run(),
    });
    const newId = (): string => this.newId();
    this.uploads = options.uploads?.create({
      ...{ ...base, newId, url: options.url, logger: this.logger },
      dropUpload: (id) => this.outbox.dropUpload(id),
    });
    this.outbox = new Outbox({
      ...base,
      newId,
      prepare: this.uploads?.prepare,
      onSent: (pending, message) => {
        this.uploads?.messageGone(pending, true);
        this.events.emit('messageSent', { pending, message });
      },
      onDiscarded: (pending) => this.uploads?.messageGone(pending, false),
      onFailed: (pending, error) => this.events.emit('messageFailed', { pending, error }),
    });
    this.#muteEnds = new MuteEnds(store);
    this.receipts = new Receipts(base);
    this.presence = new PresenceWatch(base);
    this.viewing = new Viewing({ ...base, onWatching: (id) => this.history.complete(id) });
    this.sync = new Sync({
      ...base,
      onPush: (name, data, isRepeated) => this.#takePush(name, data, isRepeated),
      onRemoved: (event) => this.events.emit('conversationRemoved', event),
      onSynced: () => this.#onSynced(),
      onSettled: () => this.#startSending(),
      onReset: (reason) => {
        this.checks.clear();
        void this.cache?.drop();
        this.events.emit('cacheReset', { reason });
      },
      onSilence: () => this.link?.restart(),
    });
    store.onChange((state, before) => {
      if (state.connection !== before.connection)
        this.events.emit('connectionStateChanged', state.connection);
    });
  }

  /** Asks the server by the current link, and checks the answer. */
  readonly ask: Ask = async (name, payload, options) => {
    const { link } = this;
    if (link === undefined) return this.#unavailable();
    const since = this.checks.begin();
    const { userId } = this.store.getState();
    const answer = await link.ask(name, payload, options);
    // The answer is for a former user.
    if (userId !== this.store.getState().userId) return this.#unavailable();
    if (answer.success) this.checks.answered(name, { payload, data: answer.data, since });
    return answer;
  };

  #unavailable(): Extract<
    LinkAnswer<'sync'>,
    { success: false; code: 'OFFLINE' | 'TIMEOUT' | 'SIGNED_OUT' | 'CLOSED' }
  > {
    return this.isClosed
      ? { success: false, code: 'CLOSED', error: 'The client was disposed of.' }
      : { success: false, code: 'OFFLINE', error: 'There is no connection.' };
  }

  #takePush(name: string, data: unknown, isRepeated: boolean): void {
    this.pushes.take(name, data);
    // Names that this version does not know are passed on like the others.
    if (!isRepeated) this.pushEvents.emit(name as keyof PushMap, data as PushMap[keyof PushMap]);
  }

  #onSynced(): void {
    const { store, link, history, pushes } = this;
    link?.settle();
    if (isConnected(store.getState()))
      store.dispatch({ type: 'connection', connection: { status: 'online' } });
    history.completeAll();
    for (const id of Object.keys(store.getState().open)) void pushes.show(id);
  }

  /** Called after each synchronisation. Waits that the server has asked the outbox for must not end with the next one. */
  #startSending(): void {
    const parts = this.#hasStarted
      ? [this.receipts, this.presence]
      : [this.uploads, this.outbox, this.receipts, this.presence, this.viewing];
    this.#hasStarted = true;
    for (const part of parts) part?.start();
  }

  /** The connection is lost. */
  stopParts(): void {
    this.#hasStarted = false;
    for (const part of [this.sync, this.uploads, this.outbox, this.receipts, this.presence, this.viewing])
      part?.stop();
  }

  /** Nothing that was learnt about a user is kept for the next one. */
  forgetUser(): void {
    this.checks.clear();
    this.#arrivals.clear();
    this.typing.dispose();
    this.uploads?.leave();
  }

  disposeParts(): void {
    this.stopParts();
    this.forgetUser();
    for (const part of [this.outbox, this.receipts, this.presence, this.viewing, this.#muteEnds])
      part.dispose();
    this.events.clear();
    this.pushEvents.clear();
  }
}
