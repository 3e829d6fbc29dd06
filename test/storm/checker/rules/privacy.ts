import type { Facts } from '../facts.js';
import type { StormEvent, Violation } from '../history.js';

/** Something shown to a device: a conversation, with a `seq` if there is one, or another user. */
interface Shown {
  conversationId?: string;
  seq?: number;
  person?: string;
}

function shownBy(event: StormEvent): Shown[] {
  switch (event.kind) {
    case 'heard':
    case 'acked':
      return [event.message];
    case 'page':
      return [{ conversationId: event.conversationId }, ...event.messages];
    case 'status':
    case 'advanced':
      return [{ conversationId: event.conversationId }];
    case 'synced':
    case 'counted':
      return event.conversations;
    case 'told':
      return [{ conversationId: event.conversationId, ...(event.seq !== undefined && { seq: event.seq }) }];
    case 'opened':
      return [{ conversationId: event.conversationId }];
    case 'toldOf':
      return [{ person: event.aboutUser }];
    case 'connected':
    case 'disconnected':
    case 'send':
    case 'refused':
    case 'spotCheck':
    case 'trespass':
    case 'surprise':
    case 'violation':
    case 'final':
    case 'fresh':
      return [];
  }
}

/**
 * Users receive, read, write and see nothing of conversations they are not in, or of users they have no contact with.
 */
export function* leak(facts: Facts): Generator<Violation> {
  const acquainted = acquaintances(facts);
  for (const event of facts.history.events) {
    if (event.kind === 'trespass' && event.code === 'OK') {
      yield {
        rule: 'leak',
        text: `${event.client} did ${event.command} in ${event.conversationId}, which is not theirs`,
        evidence: [event],
      };
    }
    for (const shown of shownBy(event)) {
      const isStrange =
        shown.conversationId === undefined
          ? shown.person !== event.user && acquainted.get(event.user)?.has(shown.person ?? '') !== true
          : !facts.mayKnow(event.user, shown.conversationId, shown.seq);
      if (!isStrange) continue;
      const what = shown.seq === undefined ? '' : `message ${shown.seq} of `;
      yield {
        rule: 'leak',
        text: `${event.client} was given ${what}${shown.conversationId ?? shown.person ?? ''} (${event.kind}), which is not theirs`,
        evidence: [brief(event, shown)],
      };
      break;
    }
  }
  for (const message of facts.history.final.messages) {
    if (facts.wasIn(message.senderId, message.conversationId, message.seq)) continue;
    yield {
      rule: 'leak',
      text: `message ${message.seq} of ${message.conversationId} is stored from ${message.senderId}, who is not in it`,
      evidence: [],
    };
  }
}

/** Shortens a long answer to the relevant part. */
function brief(event: StormEvent, shown: Shown): StormEvent {
  if (event.kind === 'page') return { ...event, messages: event.messages.slice(0, 1) };
  if (event.kind === 'synced' || event.kind === 'counted') {
    const conversations = event.conversations.filter((one) => one.conversationId === shown.conversationId);
    return { ...event, conversations };
  }
  return event;
}

/** Returns the users who share a conversation. */
function acquaintances(facts: Facts): Map<string, Set<string>> {
  const known = new Map<string, Set<string>>();
  for (const { members } of facts.conversations.values()) {
    for (const { userId } of members) {
      const others = known.get(userId) ?? new Set();
      known.set(userId, others);
      for (const other of members) others.add(other.userId);
    }
  }
  return known;
}
