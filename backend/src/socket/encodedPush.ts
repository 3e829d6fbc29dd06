import { PUSHES, type Priority, type PushData, type PushName, type UserId } from '../../../contract/index.js';
import type { LogPosition, PushOptions } from '../services/ports.js';

export interface Push<Name extends PushName> {
  event: Name;
  data: PushData<Name>;
}

/** A push encoded for the wire, once for all receivers. */
export interface EncodedPush {
  readonly event: PushName;
  readonly priority: Priority;
  /** Socket.IO packet. */
  readonly text: string;
  /** Set when not every user in the rooms may receive the push. */
  readonly guard?: Guard | undefined;
}

/** Data for the decision which receivers get a push in full, redacted, or not at all. */
export interface Guard {
  /** User who caused the push. */
  readonly from: UserId;
  /** Author of the message concerned, when it is another user. */
  readonly about?: UserId | undefined;
  /** True when only the author may receive the push. */
  readonly isSecret: boolean;
  /** True when the push shows actions of several users: receivers who have blocked anyone get the redacted packet. */
  readonly isMixed?: boolean | undefined;
  /** Packet for receivers who must not see the full push; undefined when they get nothing. */
  readonly redacted: RedactedPacket | undefined;
}

export interface RedactedPacket {
  readonly event: PushName;
  readonly text: string;
}

/** Socket.IO packet type of an event; the default namespace is not written on the wire. */
export const EVENT_PACKET = '2';

/** Encodes a push. The types ensure that the data fits the event. */
export const encodePush = <Name extends PushName>({ event, data }: Push<Name>): EncodedPush =>
  asEncoded(event, toPacket({ event, data }));

const toPacket = <Name extends PushName>({ event, data }: Push<Name>): string =>
  EVENT_PACKET + JSON.stringify([event, { success: true, data }]);

/** Placeholder for a message that the receiver must not see. */
export const placeholderPacket = ({
  conversationId,
  seq,
}: Pick<LogPosition, 'conversationId' | 'seq'>): RedactedPacket => ({
  event: 'message:new',
  text: toPacket({ event: 'message:new', data: { kind: 'hidden', conversationId, seq } }),
});

/** Encodes a push with a guard, where the options restrict its receivers. */
export const encodeGuarded = <Name extends PushName>(
  push: Push<Name>,
  { from, about, redacted, position, isSecret = false, isMixed }: PushOptions,
): EncodedPush => {
  const encoded = encodePush(push);
  if (from === undefined) return encoded;
  const isMessage = push.event === 'message:new' && position !== undefined;
  const redactedPacket = isMessage
    ? placeholderPacket(position)
    : redacted && { event: redacted.event, text: toPacket(redacted) };
  return { ...encoded, guard: { from, about, isSecret, isMixed, redacted: redactedPacket } };
};

/** Wraps a push that another process has already encoded. */
export const asEncoded = (event: PushName, text: string, guard?: Guard): EncodedPush => ({
  event,
  priority: PUSHES[event].priority,
  text,
  guard,
});
