import type { UserId } from '../../../contract/index.js';
import { objectId } from '../../../backend/src/models/objectIds.js';
import { participantsKey } from '../../../backend/src/utils/participantsKey.js';
import { findMergedInto } from '../../../scripts/data/merge/stored.js';
import { ALICE, MESSAGES, NEVER, type Seeded } from './seed.js';

const BY_KEY = 'participantsKey_1';
const BY_LAST_MESSAGE = 'participants_1_lastMessageAt_-1__id_-1';
const BY_CHANGE = 'participants_1_changedAt_1__id_1';
const BY_RANK = 'conversationId_1_rank_1_joinedSeq_1_userId_1';
const BY_POSITION = 'conversationId_1_userId_1';
const BY_OWN_CHANGE = 'userId_1_changedAt_1_conversationId_1';
const BY_CONTROL = 'conversationId_1_controlSeq_1';
const BY_SEQ = 'conversationId_1_seq_1';
const BY_CLIENT_ID = 'conversationId_1_senderId_1_clientMessageId_1';
export const BY_ID = '_id_';
const BY_GROUP = 'type_1_participants_1_lastMessageAt_-1__id_-1';
const BY_HIDER = 'userId_1_conversationId_1_seq_1';
const BY_PIN = 'userId_1_pinnedAt_-1_conversationId_-1';
const BY_ARCHIVE = 'userId_1_archivedAt_-1_conversationId_-1';
const BY_REACTION = 'conversationId_1_seq_1_userId_1';
const BY_REV = 'conversationId_1_rev_1';
const BY_BLOCK = 'blockerId_1_blockedId_1';

/** A query with its intended index (or several). */
type Query = readonly [index: string | readonly string[], call: (at: Seeded) => Promise<unknown>];

/** All queries of a running server by name, with their intended indexes. */
export const QUERIES: Record<string, Query> = {
  'the conversation of a pair': [
    BY_KEY,
    (at) => at.models.conversations.findByKey(participantsKey(ALICE, 'u7')),
  ],
  'conversations of pairs': [
    BY_KEY,
    (at) => at.models.conversations.findKeys([participantsKey(ALICE, 'u7')]),
  ],
  'a conversation': [BY_ID, (at) => at.models.conversations.findById(at.chat)],
  'some conversations': [BY_ID, (at) => at.models.conversations.findByIds(at.ids.slice(0, 1))],
  'a page of the list': [BY_LAST_MESSAGE, (at) => at.models.conversations.findPage(ALICE, 50)],
  'a later page of the list': [
    BY_LAST_MESSAGE,
    (at) => at.models.conversations.findPage(ALICE, 50, { lastMessageAt: new Date(), _id: at.chat }),
  ],
  'what changed': [BY_CHANGE, (at) => at.models.conversations.findChanged(ALICE, 100, NEVER)],
  'what may be unread': ['maybeUnread_1', (at) => at.models.conversations.findMaybeUnread([ALICE])],
  'what leads to a merged conversation': [
    'mergedInto_1',
    (at) => findMergedInto(at.models.conversations.model.collection, [objectId(at.chat)]),
  ],
  'members of groups': [BY_RANK, (at) => at.models.members.findCurrent([at.chat])],
  'owners and admins': [BY_RANK, (at) => at.models.members.findOwnersAndAdmins([at.chat])],
  'a page of members': [BY_RANK, (at) => at.models.members.findPage(at.chat, 50)],
  'a later page of members': [
    BY_RANK,
    (at) => at.models.members.findPage(at.chat, 50, { rank: 2, joinedSeq: 0, userId: 'a' }),
  ],
  'some members': [BY_POSITION, (at) => at.models.members.findByUsers(at.chat, [ALICE])],
  'large groups and channels': ['userId_1_apart_1', (at) => at.models.members.findLarge([ALICE])],
  'positions of everybody': [BY_POSITION, (at) => at.models.members.findByConversations(at.ids.slice(0, 50))],
  'how far everybody has come': [BY_POSITION, (at) => at.models.members.findPositions([at.chat])],
  'who has got a message': [
    'conversationId_1_fork_1',
    (at) => at.models.receipts.findByMessage(at.chat, { seq: 700, lastSeq: MESSAGES }),
  ],
  'who was away': [
    'conversationId_1_absences.toSeq_1',
    (at) => at.models.members.findAbsent(at.chat, { fromSeq: 3, toSeq: 7 }),
  ],
  'own positions, a few': [BY_POSITION, (at) => at.models.members.findByUser(ALICE, at.ids.slice(0, 50))],
  'own positions, many': [BY_OWN_CHANGE, (at) => at.models.members.findByUser(ALICE, at.ids)],
  'own positions that changed': [BY_OWN_CHANGE, (at) => at.models.members.findChanged(ALICE, 100, NEVER)],
  'the tail of a log': [BY_SEQ, (at) => at.models.messages.findTail(at.chat, MESSAGES - 1)],
  'the tail of a log, with what is before it': [
    BY_SEQ,
    (at) => at.models.messages.findTailTraces(at.chat, MESSAGES - 1, 100),
  ],
  'the newest messages': [BY_SEQ, (at) => at.models.messages.findSince(at.chat, MESSAGES - 1, 100)],
  'membership events': [BY_CONTROL, (at) => at.models.messages.findMembershipEvents(at.chat, 10)],
  'counts at places': [BY_SEQ, (at) => at.models.messages.findCounts(at.chat, [3, 7])],
  'answers behind a message': [
    BY_SEQ,
    (at) => at.models.messages.findSentInRange(at.chat, [ALICE], { afterSeq: 3, toSeq: 50, viewer: ALICE }),
  ],
  'messages anywhere': [BY_SEQ, (at) => at.models.messages.findRange(at.chat, 1, 50)],
  'old messages': [BY_SEQ, (at) => at.models.messages.findSettledRange(at.chat, 1, 50)],
  'messages by client ids': [
    BY_CLIENT_ID,
    (at) => at.models.messages.findByClientIds(at.chat, [{ senderId: ALICE, clientMessageId: 'm3' }]),
  ],
  'messages by ids': [BY_ID, (at) => at.models.messages.findByIds(at.messageIds.slice(0, 50))],
  'the entry of a message': [BY_ID, (at) => at.models.messages.findEntry(at.chat, at.aMessage)],

  'what a user wrote': ['senderId_1__id_-1', (at) => at.models.messages.findBySender(ALICE, { limit: 50 })],
  'messages with a word': [
    'conversationId_1_words_1_seq_1',
    (at) =>
      at.models.search.findMatches(
        { conversationIds: [at.chat], seqs: { from: 1, to: 50 } },
        { term: 'text' },
        101,
      ),
  ],
  'messages of a sender in a conversation': [
    'conversationId_1_senderId_1_seq_1',
    (at) =>
      at.models.search.findMatches(
        { conversationIds: [at.chat], seqs: { from: 1, to: 50 } },
        { senderId: ALICE },
        101,
      ),
  ],
  'messages since a time': [BY_ID, (at) => at.models.messages.traceSince(at.aMessage).next()],
  'what old ids mean': [BY_ID, (at) => at.models.aliases.findByAliases(['direct_a_b'])],
  'old at.ids of conversations': [
    'conversationId_1',
    (at) => at.models.aliases.findByConversations([at.chat]),
  ],
  users: [BY_ID, (at) => at.models.users.findByIds(['u1', 'u2'] as UserId[])],
  'users who changed': ['profileChangedAt_1', (at) => at.models.users.findChangedSince(new Date())],
  'a page of groups': [BY_GROUP, (at) => at.models.conversations.findGroupPage(ALICE, 50)],
  'groups that are shared with others': [
    BY_GROUP,
    (at) => at.models.conversations.findShared(ALICE, ['u1' as UserId, 'u2' as UserId], 50),
  ],
  'who of some has written in which groups': [
    BY_POSITION,
    (at) => at.models.members.findWriters(at.ids.slice(0, 50), [ALICE]),
  ],
  'restricted users': ['restrictedAt_1', (at) => at.models.users.findRestricted()],
  'what one user hid on a page': [
    BY_HIDER,
    (at) => at.models.hides.findRange('u3' as UserId, at.chat, { fromSeq: 1, toSeq: 50 }),
  ],
  'what one user hid of some': [
    BY_HIDER,
    (at) => at.models.hides.findHiddenSeqs('u3' as UserId, at.chat, [3, 4]),
  ],
  'what one user hid in some conversations': [
    BY_HIDER,
    (at) => at.models.hides.findHidden('u3' as UserId, [at.chat], [3, 4]),
  ],
  'who hid a message': [
    [BY_SEQ, 'conversationId_1_clearedSeq_1'],
    (at) => at.models.hides.findHidingUsers(at.chat, [3, 5]),
  ],
  'what one user hid lately': [
    'userId_1_conversationId_1_at_1',
    (at) => at.models.hides.findSince('u3' as UserId, [at.chat], new Date(0)),
  ],
  'pinned conversations': [BY_PIN, (at) => at.models.memberSettings.findPinned(ALICE, 50)],
  'pinned conversations of several users': [BY_PIN, (at) => at.models.memberSettings.findAllPinned([ALICE])],
  'later pinned conversations': [
    BY_PIN,
    (at) => at.models.memberSettings.findPinned(ALICE, 50, { at: new Date(), conversationId: at.chat }),
  ],
  'the archive of a user': [BY_ARCHIVE, (at) => at.models.memberSettings.findArchived(ALICE, 50)],
  'marked as unread': ['userId_1_markedUnread_1', (at) => at.models.memberSettings.findMarkedUnread([ALICE])],
  'own reactions': [
    BY_REACTION,
    (at) => at.models.reactions.findPairs(at.chat, { seqs: [3], userIds: ['u3' as UserId] }),
  ],
  'who reacted': [BY_REACTION, (at) => at.models.reactions.findByMessage(at.chat, { seq: 3, limit: 100 })],
  'a page of changes': [BY_REV, (at) => at.models.changes.findAfter(at.chat, 5, 100)],
  'the tail of the changes': [BY_REV, (at) => at.models.changes.findTail(at.chat, MESSAGES - 1)],
  'changes by ids': [BY_ID, (at) => at.models.changes.findByIds(at.messageIds.slice(0, 2))],
  'the texts of a message': [
    'conversationId_1_seq_1_kind_1_rev_1',
    (at) => at.models.changes.findEdits(at.chat, 1, 100),
  ],
  'changes under a restriction': [
    'conversationId_1_by_1_rev_1',
    (at) => at.models.changes.findShadow([at.chat], { by: ALICE, restrictedAt: new Date(0), limit: 100 }),
  ],
  'membership events under a restriction': [
    'senderId_1_conversationId_1_kind_1_seq_1',
    (at) => at.models.messages.findShadowActions(ALICE, [at.chat], { restrictedAt: new Date(0), limit: 100 }),
  ],
  'reactions of some users': [
    BY_REACTION,
    (at) => at.models.reactions.findByUsers(at.chat, { seqs: [3], userIds: new Set(['u3' as UserId]) }),
  ],
  'reactions on a message': [BY_REACTION, (at) => at.models.reactions.findByMessages(at.chat, [3])],
  'changes since a time': [BY_ID, (at) => at.models.changes.findRevsSince('f'.repeat(24))],
  'messages that change': [BY_SEQ, (at) => at.models.changedMessages.findBySeqs(at.chat, [3, 7])],
  'blocks of two': [BY_BLOCK, (at) => at.models.blocks.findBetween(ALICE, 'u3' as UserId)],
  'who has blocked somebody': [BY_BLOCK, (at) => at.models.blocks.findBlockers('u3' as UserId, [ALICE])],
  'blocks of some': [[BY_BLOCK, 'blockedId_1'], (at) => at.models.blocks.findByUsers(['u3' as UserId])],
  'blocks that changed': ['changedAt_1', (at) => at.models.blocks.findChangedSince(new Date())],
  'a page of blocks': [BY_BLOCK, (at) => at.models.blocks.findPage(ALICE, 50)],
  'where a message went': [
    BY_SEQ,
    (at) => at.models.moved.findSeq(at.chat, 7, { floor: true, within: undefined }),
  ],
  'where a change went': [BY_REV, (at) => at.models.moved.findRev(at.chat, 7)],
  'where messages were before': ['into_1_toSeq_1', (at) => at.models.moved.findOrigins(at.chat, [7])],
  'what became of a message': [BY_ID, (at) => at.models.moved.findNewId(at.aMessage)],
  'an upload by its client id': [
    'uploaderId_1_clientAttachmentId_1',
    (at) => at.models.attachments.findByClientId(ALICE, 'c7'),
  ],
  'unfinished uploads of a user': [
    'uploaderId_1_status_1',
    (at) => at.models.attachments.countUnfinished(ALICE, 20),
  ],
  'files in one state': [
    'status_1_changedAt_1',
    (at) => at.models.attachments.findByStatus('deleting', { before: new Date(), limit: 100 }),
  ],
  'an upload': [BY_ID, (at) => at.models.attachments.findById(at.aFile)],
  'files of reported messages': ['reports_1', (at) => at.models.attachments.findByReports(['f'.repeat(24)])],
  'some uploads': [BY_ID, (at) => at.models.attachments.findByIds([at.aFile])],
  'the archived message of a file': [
    'attachments.attachmentId_1',
    (at) => at.models.archive.findMessageIdsByFile(at.aFile, 9),
  ],
  'the message of a file': ['attachments.attachmentId_1', (at) => at.models.messages.findByFile(at.aFile)],
  'devices of users': ['userId_1_registeredAt_1', (at) => at.models.devices.findByUsers([ALICE])],
  'some devices': [BY_ID, (at) => at.models.devices.findByIds(['d7', 'd8'])],
  'a page of all members': [
    BY_POSITION,
    (at) => at.models.memberPages.findIds(at.chat, { after: 'a' as UserId, limit: 100 }),
  ],
  'entries of all logs': [BY_ID, (at) => at.models.messageFeed.findBetween(at.aMessage, 'f'.repeat(24), 100)],
  'pushes that were sent': [
    BY_ID,
    (at) => at.models.pushed.findSent([{ conversationId: at.chat, userId: ALICE }]),
  ],
  'pushes that are due': ['kind_1_dueAt_1', (at) => at.models.pushJobs.findDue('retry', new Date(), 100)],
  'API keys that changed': ['changedAt_1', (at) => at.models.apiKeys.findChangedSince(new Date())],
  'a page of the audit log': [BY_ID, (at) => at.models.audit.findPage(50)],
  'a later page of the audit log': [BY_ID, (at) => at.models.audit.findPage(50, 'f'.repeat(24))],
  'a report': [BY_ID, (at) => at.models.reports.findById('f'.repeat(24))],
  'reports that are open': [BY_ID, (at) => at.models.reports.findOpen(['f'.repeat(24)])],
  'what was stored since an id': [
    BY_ID,
    (at) => at.models.followedLogs.find('messages', { fromId: '0'.repeat(24), toId: 'f'.repeat(24) }, 50),
  ],
  'a webhook': [BY_ID, (at) => at.models.webhooks.findById('9f2c41d07ab3')],
  'failing deliveries of a webhook': [
    'webhookId_1_firstFailedAt_1',
    (at) => at.models.webhookRetries.findByWebhook('9f2c41d07ab3', 50),
  ],
  'a page of reports': ['status_1__id_1', (at) => at.models.reports.findPage('open', 50)],
};

/** Queries that read in index order up to a limit. How much they examine is known only if the database counts it. */
export const IN_ORDER = new Set([
  'what was stored since an id',
  'a page of the list',
  'a later page of the list',
  'a page of groups',
  'what changed',
  'own positions that changed',
  'what a user wrote',
  'messages since a time',
  'changes since a time',
  'a page of reports',
  'a page of the audit log',
  'a later page of the audit log',
  'a page of changes',
  'files in one state',
  'a page of all members',
  'entries of all logs',
  'devices of users',
  'pushes that are due',
  'unfinished uploads of a user',
  'a page of blocks',
  'who reacted',
  'where a message went',
  'where a change went',
]);
