import type { LinkAnswer } from '../connection/link.js';
import { MAX_WATCHED_USERS, type CommandName, type CommandPayload } from '../wire/index.js';

/**
 * Users and large conversations that the tabs watch. The server knows one set per connection, and the tabs share a connection: it is told the union, and
 * each tab is told about its own part.
 */
export class TabWatches {
  /** Ids of tabs by large conversation. */
  readonly #conversations = new Map<string, Set<string>>();
  /** Users by tab; the tab that has asked last is the last one. */
  readonly #users = new Map<string, readonly string[]>();

  /** Notes what a tab watches from now on, and returns the payload that says it for all tabs. */
  include<Name extends CommandName>(
    tab: string,
    name: Name,
    payload: CommandPayload<Name>,
  ): CommandPayload<Name> {
    if (name === 'watchConversation')
      return this.#conversation(tab, payload as CommandPayload<'watchConversation'>);
    if (name === 'presence:watch') return this.#presence(tab, payload as CommandPayload<'presence:watch'>);
    return payload;
  }

  #conversation(
    tab: string,
    { conversationId, watching }: CommandPayload<'watchConversation'>,
  ): CommandPayload<'watchConversation'> {
    const tabs = this.#conversations.get(conversationId) ?? new Set();
    if (watching) tabs.add(tab);
    else tabs.delete(tab);
    if (tabs.size > 0) this.#conversations.set(conversationId, tabs);
    else this.#conversations.delete(conversationId);
    return { conversationId, watching: tabs.size > 0 };
  }

  /** Beyond the limit, users that a tab has asked for earlier give way. */
  #presence(tab: string, { userIds }: CommandPayload<'presence:watch'>): CommandPayload<'presence:watch'> {
    this.#users.delete(tab);
    this.#users.set(tab, userIds);
    return { userIds: this.#allUsers() };
  }

  #allUsers(): string[] {
    const all = new Set([...this.#users.values()].reverse().flat());
    return [...all].slice(0, MAX_WATCHED_USERS);
  }

  /** Leaves out of an answer what other tabs have asked for. */
  onlyOwn<Name extends CommandName>(
    name: Name,
    payload: CommandPayload<Name>,
    answer: LinkAnswer<Name>,
  ): LinkAnswer<Name> {
    if (name !== 'presence:watch' || !answer.success) return answer;
    const { userIds } = payload as CommandPayload<'presence:watch'>;
    const own = new Set(userIds);
    const { data } = answer as Extract<LinkAnswer<'presence:watch'>, { success: true }>;
    return {
      success: true,
      data: { presences: data.presences.filter(({ userId }) => own.has(userId)) },
    };
  }

  /** Forgets a tab that was closed. @returns the commands that end what only it has watched */
  remove(tab: string): { conversationIds: string[]; userIds: string[] | undefined } {
    const conversationIds = [...this.#conversations]
      .filter(([, tabs]) => tabs.delete(tab) && tabs.size === 0)
      .map(([id]) => id);
    for (const id of conversationIds) this.#conversations.delete(id);
    const userIds = this.#users.delete(tab) ? this.#allUsers() : undefined;
    return { conversationIds, userIds };
  }
}
