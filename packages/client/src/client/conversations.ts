import type { ConversationsApi } from '../api/conversations.js';
import type { ConversationListSnapshot } from '../api/snapshots.js';
import { ParleyError } from '../errors/parleyError.js';
import { derive, isShallowEqual, keepList } from '../observable/derived.js';
import type { ReadableStore } from '../observable/readableStore.js';
import { FILTERS, type ConversationFilter } from '../state/listSelectors.js';
import { orderedViews, type OrderedViews } from '../state/orderedViews.js';
import type { ClientState, Conversation } from '../state/types.js';
import type { ConversationView } from '../wire/index.js';
import { createRun, type Run } from './answers.js';
import type { Engine } from './engine.js';
import { selectConversation } from './selectConversation.js';

const PAGE = 50;

/** The conversation list, and what leads to a conversation. */
export class Conversations implements ConversationsApi {
  readonly #engine: Engine;
  readonly #run: Run;
  readonly #lists = new Map<ConversationFilter, ReadableStore<ConversationListSnapshot>>();
  readonly #loading = new Map<ConversationFilter, Promise<boolean>>();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#run = createRun(engine.ask);
  }

  list(filter: ConversationFilter = 'all'): ReadableStore<ConversationListSnapshot> {
    const known = this.#lists.get(filter);
    if (known !== undefined) return known;
    const list = listStore(this.#engine.store, filter);
    this.#lists.set(filter, list);
    return list;
  }

  loadMore(filter: ConversationFilter = 'all'): Promise<boolean> {
    const known = this.#loading.get(filter);
    if (known !== undefined) return known;
    const loading = this.#loadMore(filter).finally(() => this.#loading.delete(filter));
    this.#loading.set(filter, loading);
    return loading;
  }

  async #loadMore(filter: ConversationFilter): Promise<boolean> {
    const { store, sync } = this.#engine;
    if (!hasMore(store.getState(), filter)) return false;
    if (filter === 'all') {
      const trouble = await sync.loadMore();
      if (trouble !== undefined)
        throw new ParleyError(trouble.code as ParleyError['code'], 'The list was not loaded.', trouble);
      return true;
    }
    const { filterCursors, generation } = store.getState();
    const cursor = filterCursors[filter];
    const page = await this.#run('getConversations', {
      limit: PAGE,
      filter,
      ...(cursor != null && { cursor }),
    });
    if (store.getState().generation === generation) store.dispatch({ type: 'filterListed', filter, page });
    return true;
  }

  async get(conversationId: string): Promise<Conversation> {
    const known = selectConversation(this.#engine.store.getState(), conversationId);
    if (known !== undefined) return known;
    return this.#take((await this.#run('getConversation', { conversationId })).conversation);
  }

  async getOrCreateDirect(
    otherUserId: string,
    { occasion }: Parameters<ConversationsApi['getOrCreateDirect']>[1] = {},
  ): Promise<{ conversation: Conversation; created: boolean }> {
    const payload = { otherUserId, ...(occasion !== undefined && { occasion }) };
    const { conversation, created } = await this.#run('getOrCreateDirect', payload);
    return { conversation: this.#take(conversation), created };
  }

  async createGroup(
    input: Parameters<ConversationsApi['createGroup']>[0],
  ): ReturnType<ConversationsApi['createGroup']> {
    const clientConversationId = input.clientConversationId ?? this.#engine.newId();
    const { conversation, refused } = await this.#run('createGroup', { ...input, clientConversationId });
    return { conversation: this.#take(conversation), refused };
  }

  async join(conversationId: string): Promise<Conversation> {
    return this.#take((await this.#run('joinConversation', { conversationId })).conversation);
  }

  #take(view: ConversationView): Conversation {
    const { store } = this.#engine;
    store.dispatch({ type: 'conversations', conversations: [view] });
    const conversation = selectConversation(store.getState(), view._id);
    if (conversation === undefined) throw new Error('a conversation that was just added is held');
    return conversation;
  }

  async search(input: Parameters<ConversationsApi['search']>[0]): ReturnType<ConversationsApi['search']> {
    const page = await this.#run('searchMessages', input);
    this.#engine.store.dispatch({ type: 'users', users: page.messages.map(({ sender }) => sender) });
    return page;
  }
}

function listStore(
  root: ReadableStore<ClientState>,
  filter: ConversationFilter,
): ReadableStore<ConversationListSnapshot> {
  let ordered: OrderedViews | undefined;
  return derive<ClientState, ConversationListSnapshot>(
    root,
    (state, previous) => {
      ordered = orderedViews(state, ordered);
      const conversations = ordered.views.filter(FILTERS[filter]);
      return {
        conversations: keepList(previous?.conversations, conversations),
        isLoaded: state.isListLoaded,
        hasMore: hasMore(state, filter),
      };
    },
    isShallowEqual,
  );
}

/** Archived conversations are not in the main list; the other filters show parts of it. */
function hasMore(
  { isListLoaded, isListComplete, filterCursors }: ClientState,
  filter: ConversationFilter,
): boolean {
  if (filter === 'archived') return isListLoaded && filterCursors[filter] !== null;
  return isListLoaded && !isListComplete && (filter === 'all' || filterCursors[filter] !== null);
}
