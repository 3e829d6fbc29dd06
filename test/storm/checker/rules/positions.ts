import { rankOf, statusOf, type Facts } from '../facts.js';
import type { EventOf, SeenMessage, SeenPosition, StormEvent, Violation } from '../history.js';

/**
 * Positions and statuses only move forward. Acknowledged positions are in every later answer, and no position or status
 * is shown that is not true at the end. (Pushes of two processes may overtake each other; clients keep the highest
 * position, so an older push is no violation.)
 */
export function* backwards(facts: Facts): Generator<Violation> {
  for (const event of facts.of('advanced')) {
    const end = facts.ackedEnd.get(event.conversationId)?.before(event.askedAt) ?? 0;
    const reached = event.wasRead ? event.readSeq : event.deliveredSeq;
    if (reached < Math.min(event.askedSeq, end)) {
      yield violation(event, `${event.client} reported ${event.askedSeq} and was answered ${reached}`);
    }
    yield* fell(facts, event, event);
    yield* untrue(facts, event, event);
  }
  for (const event of facts.of('status')) yield* untrue(facts, event, event);
  for (const event of facts.of('synced')) {
    const shown = [...event.own, ...event.conversations.flatMap(({ positions }) => positions)];
    for (const position of shown) {
      const short = { ...event, conversations: [], own: [position] };
      yield* fell(facts, short, position);
      yield* untrue(facts, short, position);
    }
  }
  for (const event of facts.of('page')) {
    for (const message of event.messages) yield* statuses(facts, { ...event, messages: [message] }, message);
  }
}

const violation = (event: StormEvent, text: string): Violation => ({
  rule: 'backwards',
  text,
  evidence: [event],
});

const whose = ({ conversationId, userId }: SeenPosition): string => `${userId} in ${conversationId}`;

/** Reports positions lower than acknowledged before the request. */
function* fell(
  facts: Facts,
  event: EventOf<'advanced'> | EventOf<'synced'>,
  shown: SeenPosition,
): Generator<Violation> {
  const floor = facts.floor(shown.conversationId, shown.userId, event.askedAt);
  for (const field of ['readSeq', 'deliveredSeq'] as const) {
    if (shown[field] >= floor[field]) continue;
    const before = facts
      .of('advanced')
      .findLast(
        (one) =>
          one.at < event.askedAt &&
          one.userId === shown.userId &&
          one.conversationId === shown.conversationId &&
          Math.min(one.askedSeq, one[field]) >= floor[field],
      );
    yield {
      rule: 'backwards',
      text: `${field} of ${whose(shown)} was ${floor[field]} and was shown to ${event.client} as ${shown[field]}`,
      evidence: before === undefined ? [event] : [before, event],
    };
  }
}

/** Reports positions that are not true at the end. */
function* untrue(facts: Facts, event: StormEvent, shown: SeenPosition): Generator<Violation> {
  const final = facts.finalPosition(shown.conversationId, shown.userId);
  for (const field of ['readSeq', 'deliveredSeq'] as const) {
    if (shown[field] <= final[field]) continue;
    yield violation(
      event,
      `${field} of ${whose(shown)} was told to ${event.client} as ${shown[field]} and is ${final[field]} in the end`,
    );
  }
}

function* statuses(facts: Facts, event: EventOf<'page'>, message: SeenMessage): Generator<Violation> {
  if (message.status === undefined) return;
  // In a group the status depends on the members at that time, who change.
  if (facts.conversations.get(message.conversationId)?.type !== 'direct') return;
  const rank = rankOf(message.status);
  const least = facts.rankOf(message, (userId) => facts.floor(message.conversationId, userId, event.askedAt));
  const most = facts.rankOf(message, (userId) => facts.finalPosition(message.conversationId, userId));
  const name = `message ${message.seq} of ${message.conversationId}`;
  if (rank < least) {
    yield violation(
      event,
      `${name} was ${statusOf(least)} and was shown to ${event.client} as ${message.status}`,
    );
  } else if (rank > most) {
    yield violation(
      event,
      `${name} was shown to ${event.client} as ${message.status} and is ${statusOf(most)} in the end`,
    );
  }
}
