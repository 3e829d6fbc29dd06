import type { Ability, Outcome, SafetyScene, Verb } from '../../../contract/index.js';
import type { TestClient } from '../../support/client.js';
import type { TestServer } from '../../support/server.js';
import { until } from '../../support/until.js';
import { codeOf, createGroup, say, settle } from './pair.js';

/** One side of a conversation, with the other side as seen from it. */
export interface Side {
  me: TestClient;
  other: TestClient;
  conversationId: string;
  /** `seq` of the other side's newest message that the feature under test concerns. */
  aboutSeq: number;
  /** `seq` of the first message of each side; 0 for a user who has sent none. */
  mySeq: number;
  otherSeq: number;
}

export interface Stage {
  mine: Side;
  theirs: Side;
  moderator: TestClient;
}

const NEVER = 'zebra';

/**
 * Creates two users in a direct conversation or in a group. Each has sent a message, except in `unmet`, where only the
 * other side has.
 */
export async function createStage(server: TestServer, scene: SafetyScene): Promise<Stage> {
  const name = crypto.randomUUID();
  const [me, other] = await Promise.all([server.connectAs(`me-${name}`), server.connectAs(`other-${name}`)]);
  const moderator = await server.connectAs(`moderator-${name}`, {
    token: server.token(`moderator-${name}`, { roles: ['moderator'] }),
  });
  const conversationId =
    scene === 'group' ? await createGroup([me, other], 'both of us') : await me.open(other.userId);
  const mySeq = scene === 'unmet' ? 0 : await say(me, conversationId, `a ${NEVER} of mine`);
  const theirSeq = await say(other, conversationId, `a ${NEVER} of theirs`);
  return {
    mine: { me, other, conversationId, aboutSeq: theirSeq, mySeq, otherSeq: theirSeq },
    theirs: { me: other, other: me, conversationId, aboutSeq: mySeq, mySeq: theirSeq, otherSeq: mySeq },
    moderator,
  };
}

/** Applies each verb of the table. */
export const USE: Record<Verb, (stage: Stage) => Promise<unknown>> = {
  block: ({ mine }) => mine.me.ok('blockUser', { userId: mine.other.userId, blocked: true }),
  mute: ({ mine }) =>
    mine.me.ok('updateSettings', {
      conversationId: mine.conversationId,
      mutedUntil: new Date(Date.now() + 3_600_000).toISOString(),
    }),
  hide: ({ mine }) => mine.me.ok('deleteConversation', { conversationId: mine.conversationId }),
  unmatch: ({ mine }) => mine.me.ok('unmatch', { conversationId: mine.conversationId }),
  report: ({ mine }) =>
    mine.me.ok('report', {
      ...{ conversationId: mine.conversationId, seq: mine.aboutSeq, reason: 'spam' },
    }),
  restrict: ({ mine, moderator }) =>
    moderator.ok('restrictUser', { userId: mine.other.userId, restricted: true }),
};

/** Sends another message of each side. */
export async function speakAgain({ mine, theirs }: Stage): Promise<void> {
  mine.aboutSeq = await say(mine.other, mine.conversationId, `another ${NEVER} of theirs`);
  theirs.aboutSeq = await say(theirs.other, theirs.conversationId, `another ${NEVER} of mine`);
}

/** Returns a refusal as it is, and `yes` for success. */
const asOutcome = (code: string): Outcome => (code === 'OK' ? 'yes' : (code as Outcome));

/** Determines each ability of one side with the commands and pushes of a client. */
export const PROBES: Record<Ability, (side: Side) => Promise<Outcome>> = {
  send: async ({ me, conversationId }) => asOutcome(await codeOf(me.send(conversationId, 'a question'))),
  receive: async ({ me, other, conversationId }) => {
    const sent = await other.send(conversationId, 'an answer');
    await settle(other, me);
    if (!sent.success) return 'no';
    const heard = me.pushes('message:new').find(({ seq }) => seq === sent.data.seq);
    return heard === undefined ? 'no' : heard.kind === 'hidden' ? 'hidden' : 'yes';
  },
  presence: async ({ me, other }) => {
    const { presences } = await me.ok('presence:watch', { userIds: [other.userId] });
    return presences.some(({ status }) => status === 'online') ? 'yes' : 'no';
  },
  typing: async ({ me, other, conversationId }) => {
    await other.call('typing', { conversationId, typing: true });
    await settle(other, me);
    return me.pushes('typing').length > 0 ? 'yes' : 'no';
  },
  receipts: async ({ me, other, conversationId }) => {
    // Creates something to read, if sending is possible.
    await me.send(conversationId, 'have you read this?');
    await other.call('message:read', { conversationId, seq: 10_000 });
    await settle(other, me);
    const isHeard = me.pushes('message:status').some(({ userId }) => userId === other.userId);
    return isHeard ? 'yes' : 'no';
  },
  search: async ({ me, other, aboutSeq }) => {
    const { messages } = await me.ok('searchMessages', { words: NEVER, senderId: other.userId });
    return messages.some(({ seq }) => seq === aboutSeq) ? 'yes' : 'no';
  },
  list: async ({ me, conversationId }) => {
    const { conversations } = await me.ok('getConversations', {});
    return conversations.some(({ _id }) => _id === conversationId) ? 'yes' : 'no';
  },
  history: async ({ me, conversationId, aboutSeq }) => {
    const answer = await me.call('getMessages', { conversationId, around: aboutSeq });
    if (!answer.success) return asOutcome(answer.code);
    const found = answer.data.messages.find(({ seq }) => seq === aboutSeq);
    return found?.kind === 'hidden' ? 'hidden' : found === undefined ? 'no' : 'yes';
  },
  reaction: async (side) => {
    const { me, other, conversationId, mySeq: seq } = side;
    await other.call('react', { conversationId, seq, emoji: '🦩', on: true });
    await settle(other, me);
    return noticed(side, seq, '🦩');
  },
  edit: async (side) => {
    const { me, other, conversationId, otherSeq: seq } = side;
    await other.call('editMessage', { conversationId, seq, content: 'a giraffe' });
    await settle(other, me);
    return noticed(side, seq, 'a giraffe');
  },
};

/** Returns whether an effect was both pushed and readable. One without the other is an error. */
async function noticed({ me, conversationId }: Side, seq: number, what: string): Promise<Outcome> {
  const answer = await me.call('getMessages', { conversationId, around: seq });
  const read = answer.success && JSON.stringify(answer.data.messages).includes(what);
  const isHeard = (): boolean => JSON.stringify(me.heard).includes(what);
  // Pushes may arrive after the answer.
  if (read) await until(isHeard, { what: `${what} to be heard as well` });
  if (!read && isHeard()) throw new Error(`${what} was heard alone`);
  return read ? 'yes' : 'no';
}
