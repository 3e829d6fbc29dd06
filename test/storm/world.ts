/** A conversation that clients know of. */
export interface KnownConversation {
  id: string;
  /** Everybody who is in it at some time. */
  members: readonly string[];
  /** Of a group: who is in it all the time (the first owns it), and who comes and goes. */
  group?: Group;
}

export interface Group {
  steady: readonly string[];
  revolving: readonly string[];
  /** So many that it is heard by those who have it open. */
  isCrowd: boolean;
  /** Only those who stay may write in it. */
  isChannel: boolean;
}

/** Whether somebody may write there at all, while they are in it. */
export const mayWrite = ({ group }: KnownConversation, user: string): boolean =>
  group?.isChannel !== true || group.steady.includes(user);

/** Who talks to whom: what clients choose from, and what strangers try. Conversations may have any number of members. */
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

  /** Large groups that somebody is in now and then. */
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

/** By a number between 0 and 1: the same number and the same choice, the same one. */
export const at = <One>(from: readonly One[], share: number): One | undefined =>
  from[Math.floor(share * from.length)];
