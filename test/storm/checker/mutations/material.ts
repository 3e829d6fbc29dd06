import { Facts } from '../facts.js';
import type { EventKind, EventOf, FinalMessage, History, Rule } from '../history.js';

/** A way to break one promise in a history. */
export interface Mutation {
  /** The rule that must report it. */
  rule: Rule;
  /** Changes the history in place. Throws `NoMaterial` if it contains nothing suitable. */
  apply: (history: History) => void;
}

export class NoMaterial extends Error {}

export function some<One>(found: One | undefined, what: string): One {
  if (found === undefined) throw new NoMaterial(`there is no ${what}`);
  return found;
}

export function find<Kind extends EventKind>(
  history: History,
  kind: Kind,
  fits: (event: EventOf<Kind>) => boolean = () => true,
): EventOf<Kind> {
  // The comparison of the kind narrows the event, but not for a kind that is a type parameter.
  const found = history.events.find(
    (event) => event.kind === kind && fits(event as unknown as EventOf<Kind>),
  );
  return some(found, kind) as unknown as EventOf<Kind>;
}

export const tailOf = ({ final }: History, conversationId: string): FinalMessage =>
  some(
    final.messages.filter((one) => one.conversationId === conversationId).sort((a, b) => b.seq - a.seq)[0],
    'message',
  );

/** Statuses and refusals in groups depend on the members at that time, who change. */
export const isDirect = ({ final }: History, conversationId: string): boolean =>
  final.conversations.some(({ _id, type }) => _id === conversationId && type === 'direct');

/** Returns the ids that a device holds of a conversation in which its user is in the end. Others are not compared. */
export function findHeld(
  history: History,
  kind: 'final' | 'fresh',
  fits: (ids: string[]) => boolean,
): string[] {
  const facts = new Facts(history);
  const held = history.events.flatMap((event) =>
    event.kind === kind
      ? Object.entries(event.holdings).filter(([id, ids]) => facts.isIn(event.user, id) && fits(ids))
      : [],
  );
  return some(held[0], 'conversation that is held')[1];
}

export const remove = ({ final }: History, { _id }: FinalMessage): void => {
  final.messages = final.messages.filter((one) => one._id !== _id);
};

export const storedOf = (history: History, messageId: string): FinalMessage =>
  some(
    history.final.messages.find(({ _id }) => _id === messageId),
    'stored message',
  );

/** A user who is in no conversation. */
export const stranger = { client: 'nobody/1', user: 'nobody', server: 's1' };
export const late = (history: History): number => (history.events.at(-1)?.at ?? 0) + 1;
