/** A conversation that clients know of. */
export interface KnownConversation {
  id: string;
  members: readonly string[];
}

/** Who talks to whom: what clients choose from, and what strangers try. Conversations may have any number of members. */
export class World {
  readonly conversations: KnownConversation[] = [];
  readonly #byUser = new Map<string, KnownConversation[]>();

  add(id: string, members: readonly string[]): void {
    if (this.conversations.some((one) => one.id === id)) return;
    const conversation = { id, members };
    this.conversations.push(conversation);
    for (const member of members) this.#byUser.set(member, [...this.of(member), conversation]);
  }

  of(user: string): readonly KnownConversation[] {
    return this.#byUser.get(user) ?? [];
  }

  notOf(user: string): KnownConversation[] {
    return this.conversations.filter(({ members }) => !members.includes(user));
  }
}

/** By a number between 0 and 1: the same number and the same choice, the same one. */
export const at = <One>(from: readonly One[], share: number): One | undefined =>
  from[Math.floor(share * from.length)];
