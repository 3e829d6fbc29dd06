import type { ConversationHandle, MessageContent } from '../api/conversation.js';
import type { SentHandle } from '../api/outbox.js';
import type { MessagesSnapshot } from '../api/snapshots.js';
import { retryRuleOf } from '../errors/parleyError.js';
import { derive } from '../observable/derived.js';
import type { ReadableStore } from '../observable/readableStore.js';
import { entryAt } from '../state/log.js';
import { isBackSince } from '../state/conversations.js';
import { isMessage } from '../state/entries.js';
import { isConnected } from '../state/reduce.js';
import { logOf } from '../state/selectors.js';
import type { Conversation, Message } from '../state/types.js';
import type { Loaded } from '../sync/history.js';
import type { CommandData, CommandPayload, Role, ShownChangeView } from '../wire/index.js';
import { createRun, toError, type Run } from './answers.js';
import type { Engine } from './engine.js';
import { messagesStore } from './messagesStore.js';
import { selectConversation } from './selectConversation.js';

type Settings = CommandData<'updateSettings'>['settings'];

function requireLoaded(loaded: Loaded): void {
  if (typeof loaded !== 'string') throw toError(loaded);
}

/** One conversation: what is shown of it, and everything that can be done with it. */
export class Handle implements ConversationHandle {
  readonly id: string;
  readonly messages: ReadableStore<MessagesSnapshot>;
  readonly conversation: ReadableStore<Conversation | undefined>;
  readonly #engine: Engine;
  readonly #run: Run;

  constructor(engine: Engine, id: string) {
    this.id = id;
    this.#engine = engine;
    this.#run = createRun(engine.ask);
    this.messages = messagesStore(engine.store, id);
    this.conversation = derive(engine.store, (state) => selectConversation(state, id));
  }

  async open(): Promise<void> {
    const { store, cache, pushes } = this.#engine;
    store.dispatch({ type: 'opened', conversationId: this.id });
    await cache?.restoreLog(this.id);
    if (!isConnected(store.getState())) return;
    const failure = await pushes.show(this.id);
    // Anything that may pass is tried again after the next synchronisation.
    if (failure !== undefined && retryRuleOf(failure.code) === 'never') throw toError(failure);
    const isMarked = store.getState().conversations[this.id]?.isMarkedUnread === true;
    if (isMarked) await this.updateSettings({ markedUnread: false }).catch(() => undefined);
  }

  close(): void {
    this.#engine.store.dispatch({ type: 'closed', conversationId: this.id });
  }

  async loadOlder(beforeSeq?: number): Promise<boolean> {
    const { history } = this.#engine;
    await this.#engine.cache?.restoreLog(this.id);
    const before = beforeSeq ?? history.olderThan(this.id);
    if (before === undefined) {
      if (logOf(this.#engine.store.getState(), this.id).length > 0) return false;
      requireLoaded(await history.open(this.id));
      return logOf(this.#engine.store.getState(), this.id).length > 0;
    }
    requireLoaded(await history.loadOlder(this.id, before));
    // A page that brings nothing would be requested without end.
    return entryAt(logOf(this.#engine.store.getState(), this.id), before - 1) !== undefined;
  }

  async loadNewer(afterSeq: number): Promise<boolean> {
    const { history, store } = this.#engine;
    requireLoaded(await history.loadNewer(this.id, afterSeq));
    return entryAt(logOf(store.getState(), this.id), afterSeq + 1) !== undefined;
  }

  async loadAround(seq: number): Promise<boolean> {
    const { history, store } = this.#engine;
    requireLoaded(await history.loadAround(this.id, seq));
    const entry = entryAt(logOf(store.getState(), this.id), seq);
    return entry !== undefined && isMessage(entry);
  }

  async loadOne(seq: number): Promise<Message | undefined> {
    const entry = await this.#engine.history.loadOne(this.id, seq);
    return entry !== undefined && isMessage(entry) ? entry : undefined;
  }

  sendMessage({ text = '', attachments, uploads = [], location, card, replyTo }: MessageContent): SentHandle {
    this.#engine.typing.stopped(this.id);
    const added = this.#engine.outbox.add(this.id, {
      content: text,
      ...(attachments !== undefined && { attachments }),
      ...(uploads.length > 0 && { uploads: [...uploads], preparation: 'uploads' }),
      ...(location !== undefined && { location }),
      ...(card !== undefined && { card }),
      ...(replyTo !== undefined && { replyTo }),
    });
    return { ...added, status: 'pending' };
  }

  edit(seq: number, text: string): Promise<void> {
    return this.#change(this.#run('editMessage', { ...this.#ref(seq), content: text }));
  }

  react(seq: number, emoji: string, on = true): Promise<void> {
    return this.#change(this.#run('react', { ...this.#ref(seq), emoji, on }));
  }

  pin(seq: number, pinned = true): Promise<void> {
    return this.#change(this.#run('pinMessage', { ...this.#ref(seq), pinned }));
  }

  #ref(seq: number): { conversationId: string; seq: number } {
    return { conversationId: this.id, seq };
  }

  /** Shows the answer at once; the walk through the changes then makes sure that none before it was missed. */
  async #change(answer: Promise<{ change: ShownChangeView }>): Promise<void> {
    const { change } = await answer;
    this.#engine.store.dispatch({ type: 'change', change, isAnswer: true });
    this.#engine.history.complete(this.id);
  }

  async delete(seq: number, scope: 'me' | 'everyone'): Promise<void> {
    const { store, history } = this.#engine;
    const { rev } = await this.#run('deleteMessage', { ...this.#ref(seq), for: scope });
    if (scope === 'me') {
      store.dispatch({ type: 'hidden', ...this.#ref(seq) });
      return;
    }
    store.dispatch({ type: 'head', conversationId: this.id, lastSeq: 0, rev });
    history.complete(this.id);
  }

  markRead(seq: number): void {
    this.#engine.store.dispatch({ type: 'seen', conversationId: this.id, seq });
  }

  sendTyping(): void {
    this.#engine.typing.typed(this.id);
  }

  stopTyping(): void {
    this.#engine.typing.stopped(this.id);
  }

  async search(
    text: string,
    options: { cursor?: string; limit?: number } = {},
  ): Promise<CommandData<'searchMessages'>> {
    const page = await this.#run('searchMessages', { conversationId: this.id, words: text, ...options });
    this.#engine.store.dispatch({ type: 'users', users: page.messages.map(({ sender }) => sender) });
    return page;
  }

  async getEdits(seq: number): Promise<CommandData<'getEdits'>['edits']> {
    return (await this.#run('getEdits', this.#ref(seq))).edits;
  }

  async getReactions(seq: number, emoji?: string): Promise<CommandData<'getReactions'>['reactions']> {
    const payload = { ...this.#ref(seq), ...(emoji !== undefined && { emoji }) };
    return (await this.#run('getReactions', payload)).reactions;
  }

  getReceipts(seq: number): Promise<CommandData<'getReceipts'>> {
    return this.#run('getReceipts', this.#ref(seq));
  }

  async getMembers(
    options: Omit<CommandPayload<'getMembers'>, 'conversationId'> = {},
  ): Promise<CommandData<'getMembers'>> {
    const page = await this.#run('getMembers', { conversationId: this.id, ...options });
    this.#engine.store.dispatch({ type: 'users', users: page.members });
    return page;
  }

  async addMembers(userIds: string[]): Promise<CommandData<'addMembers'>['refused']> {
    const answer = await this.#run('addMembers', { conversationId: this.id, userIds });
    this.#takeView(answer);
    return answer.refused;
  }

  async removeMember(userId: string): Promise<void> {
    this.#takeView(await this.#run('removeMember', { conversationId: this.id, userId }));
  }

  async setRole(userId: string, role: Role): Promise<void> {
    this.#takeView(await this.#run('setRole', { conversationId: this.id, userId, role }));
  }

  async update(changes: Omit<CommandPayload<'updateConversation'>, 'conversationId'>): Promise<void> {
    this.#takeView(await this.#run('updateConversation', { conversationId: this.id, ...changes }));
  }

  #takeView({ conversation }: CommandData<'getConversation'>): void {
    this.#engine.store.dispatch({ type: 'conversations', conversations: [conversation] });
    this.#engine.history.complete(this.id);
  }

  async leave(): Promise<void> {
    await this.#run('leaveConversation', { conversationId: this.id });
    this.#remove();
  }

  async updateSettings(changes: Omit<CommandPayload<'updateSettings'>, 'conversationId'>): Promise<void> {
    const { settings } = await this.#run('updateSettings', { conversationId: this.id, ...changes });
    this.#takeSettings(settings);
  }

  async clearHistory(): Promise<void> {
    this.#takeSettings((await this.#run('clearHistory', { conversationId: this.id })).settings);
  }

  async deleteForMe(): Promise<void> {
    const { settings } = await this.#run('deleteConversation', { conversationId: this.id });
    this.#takeSettings(settings);
    // One that was deleted before and opened again is kept when its settings change.
    const known = this.#engine.store.getState().conversations[this.id];
    if (settings.deleted === true && !isBackSince(known, settings)) this.#remove();
  }

  #takeSettings(settings: Settings): void {
    this.#engine.store.dispatch({ type: 'settings', settings });
  }

  async unmatch(): Promise<void> {
    await this.#run('unmatch', { conversationId: this.id });
    this.#remove();
  }

  #remove(): void {
    this.#engine.store.dispatch({ type: 'removed', conversationId: this.id });
  }

  report(input: Parameters<ConversationHandle['report']>[0]): Promise<{ reportId: string }> {
    return this.#run('report', { ...input, conversationId: this.id });
  }
}
