import type { ParleyEvents } from '../api/events.js';
import type { LinkAnswer } from '../connection/link.js';
import { toEntry } from '../state/entries.js';
import { isConnected } from '../state/reduce.js';
import { peerOf } from '../state/selectors.js';
import type { ConversationRecord } from '../state/types.js';
import { isPushName, type ChangeView, type PushData, type PushName } from '../wire/index.js';
import type { Arrivals } from './arrivals.js';
import type { StoreAndAsk } from './deps.js';
import type { History } from './history.js';
import type { ServerClock } from './serverClock.js';
import type { Typing } from './typing.js';

export interface PushesDeps extends StoreAndAsk {
  history: History;
  typing: Typing;
  arrivals: Arrivals;
  clock: ServerClock;
  onRemoved: (event: ParleyEvents['conversationRemoved']) => void;
  /** An unknown conversation has been loaded: it may have come with others. */
  onUnknownConversation: () => void;
}

type Handlers = { [Name in PushName]?: (data: PushData<Name>) => void };

/** Applies what the server pushes, and loads the conversations that it speaks of. */
export class Pushes {
  readonly #deps: PushesDeps;
  /** Conversations that are being loaded, and whether another load was requested meanwhile. */
  readonly #loading = new Map<string, boolean>();
  readonly #handlers: Handlers;

  constructor(deps: PushesDeps) {
    this.#deps = deps;
    const { store, typing } = deps;
    const onChange = (change: ChangeView): void => this.#takeChange(change);
    this.#handlers = {
      'message:new': (message) => this.#takeMessage(message),
      'message:updated': onChange,
      'message:deleted': onChange,
      'message:reaction': onChange,
      'message:status': (position) => {
        this.#deps.clock.observe(position.at);
        store.dispatch({ type: 'position', position });
      },
      'message:counts': (counts) => store.dispatch({ type: 'counts', counts }),
      'conversation:created': ({ conversation }) => {
        store.dispatch({ type: 'conversations', conversations: [conversation] });
        // Members who were added together receive the same view: the own role and visibility are loaded.
        if (conversation.type !== 'direct') void this.reload(conversation._id);
        deps.history.complete(conversation._id);
      },
      'conversation:updated': (update) => this.#takeUpdate(update),
      'conversation:settings': (settings) => {
        store.dispatch({ type: 'settings', settings });
        // Deleted here and brought back by a message since: the other devices report that it exists.
        if (settings.deleted !== true) this.#meet(settings.conversationId);
      },
      'conversation:removed': (removal) => this.#takeRemoval(removal),
      typing: (notice) => typing.heard(notice),
      presence: (presence) => store.dispatch({ type: 'presence', presences: [presence] }),
    };
  }

  #known(id: string): ConversationRecord | undefined {
    return this.#deps.store.getState().conversations[id];
  }

  /** @param data as the server sent it; the contract guarantees its shape */
  take(name: string, data: unknown): void {
    if (isPushName(name)) this.#handle(name, data as PushData<typeof name>);
  }

  #handle<Name extends PushName>(name: Name, data: PushData<Name>): void {
    const handler: Handlers[Name] = this.#handlers[name];
    handler?.(data);
  }

  /** Loads what is missing in a conversation; an unknown one is loaded first. */
  #meet(id: string): void {
    if (this.#known(id) === undefined) void this.reload(id);
    else this.#deps.history.complete(id);
  }

  #takeMessage(view: PushData<'message:new'>): void {
    const { store, arrivals, clock } = this.#deps;
    const state = store.getState();
    const entry = toEntry(view);
    if (entry.kind !== 'hidden' && view.seq > (this.#known(view.conversationId)?.lastSeq ?? Infinity)) {
      clock.observe(entry.createdAt);
    }
    arrivals.pushed(state, view);
    store.dispatch({ type: 'message', message: view });
    this.#meet(view.conversationId);
  }

  #takeChange(change: ChangeView): void {
    this.#deps.store.dispatch({ type: 'change', change });
    this.#meet(change.conversationId);
  }

  #takeUpdate({ conversation, head, stale }: PushData<'conversation:updated'>): void {
    const { store } = this.#deps;
    const { conversationId: id } = head;
    const before = this.#known(id);
    if (conversation !== undefined) store.dispatch({ type: 'conversations', conversations: [conversation] });
    store.dispatch({ type: 'head', ...head });
    if (before !== undefined && before.isBlocked !== this.#known(id)?.isBlocked) this.reloadGroups();
    this.#meet(id);
    if (before === undefined || conversation !== undefined) return;
    // A large group that is not watched pushes its head only: its preview, unread count and members are loaded. Its last message
    // may have been edited or deleted.
    const hasMoved = head.lastSeq > before.lastSeq || head.rev > before.rev;
    if (stale === true || (before.isLarge && hasMoved)) void this.reload(id);
  }

  #takeRemoval({ conversationId, reason, seq = Infinity }: PushData<'conversation:removed'>): void {
    const gone = this.#known(conversationId);
    // A later entry is held: the user was added again since.
    if (gone === undefined || gone.lastSeq > seq) return;
    this.#deps.store.dispatch({ type: 'removed', conversationId });
    this.#deps.onRemoved({ conversationId, name: peerOf(gone).name, reason });
  }

  /**
   * Loads a conversation: more than its messages has changed. Calls while one is under way share the next.
   *
   * @returns the last answer
   */
  async reload(id: string): Promise<LinkAnswer<'getConversation'> | undefined> {
    if (this.#loading.has(id)) {
      this.#loading.set(id, true);
      return undefined;
    }
    this.#loading.set(id, false);
    const answer = await this.load(id);
    const isRequestedAgain = this.#loading.get(id) === true;
    this.#loading.delete(id);
    return isRequestedAgain ? this.reload(id) : answer;
  }

  async load(conversationId: string): Promise<LinkAnswer<'getConversation'>> {
    const { store, ask, history, onUnknownConversation } = this.#deps;
    const { generation } = store.getState();
    const isNew = this.#known(conversationId) === undefined;
    const answer = await ask('getConversation', { conversationId });
    if (store.getState().generation !== generation || !answer.success) return answer;
    store.dispatch({ type: 'conversations', conversations: [answer.data.conversation] });
    history.complete(conversationId);
    if (isNew) onUnknownConversation();
    return answer;
  }

  /** The visibility of messages in groups has changed: their logs are dropped, and those of open ones loaded again. */
  reloadGroups(): void {
    const { store, history } = this.#deps;
    const { conversations, open } = store.getState();
    for (const { id, type } of Object.values(conversations)) {
      if (type === 'direct') continue;
      store.dispatch({ type: 'logDropped', conversationId: id });
      void this.reload(id);
      if (open[id] !== undefined) void history.open(id);
    }
  }

  /**
   * Loads what a displayed conversation needs; the conversation itself first when it is unknown.
   *
   * @returns the failure, if there is one
   */
  async show(id: string): Promise<Extract<LinkAnswer<'getConversation'>, { success: false }> | undefined> {
    if (this.#known(id) === undefined) {
      const answer = await this.load(id);
      if (!answer.success) return answer;
    }
    if (this.#known(id) === undefined || !isConnected(this.#deps.store.getState())) return undefined;
    const loaded = await this.#deps.history.open(id);
    return typeof loaded === 'string' ? undefined : loaded;
  }
}
