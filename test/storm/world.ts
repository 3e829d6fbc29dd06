/** A conversation known to the clients. */
export interface KnownConversation {
  id: string;
  /** All users who are members at some time. */
  members: readonly string[];
  /** For groups: the permanent members (the first is the owner), and those who come and go. */
  group?: Group;
}

export interface Group {
  steady: readonly string[];
  revolving: readonly string[];
  /** True for large groups, whose messages only members with an open conversation receive. */
  isCrowd: boolean;
  /** True for channels, in which only the permanent members may write. */
  isChannel: boolean;
}

/** Returns whether a user may write there as a member. */
export const mayWrite = ({ group }: KnownConversation, user: string): boolean =>
  group?.isChannel !== true || group.steady.includes(user);

/** All conversations and their members: clients choose from them, and strangers try them. */
export class World {
  readonly conversations: KnownConversation[] = [];
  readonly #byUser = new Map<string, KnownConversation[]>();

  add(id: string, members: readonly string[], group?: Group): void {
    if (this.conversations.some((one) => one.id === id)) return;
    const conversation = { id, members, ...(group && { group }) };
    this.conversations.push(conversation);
    for (const member of members) this.#byUser.set(member, [...this.of(member), conversation]);
  }

  of(user: string): readonly KnownConversation[] {
    return this.#byUser.get(user) ?? [];
  }

  /** Returns the large groups that a user is in at some time. */
  crowdsOf(user: string): string[] {
    return this.of(user).flatMap(({ id, group }) => (group?.isCrowd === true ? [id] : []));
  }

  groups(): KnownConversation[] {
    return this.conversations.filter(({ group }) => group !== undefined);
  }

  notOf(user: string): KnownConversation[] {
    return this.conversations.filter(({ members }) => !members.includes(user));
  }
}

/** Selects an element by a number between 0 and 1, deterministically. */
export const at = <One>(from: readonly One[], share: number): One | undefined =>
  from[Math.floor(share * from.length)];
