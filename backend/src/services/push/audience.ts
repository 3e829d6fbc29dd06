import type { ConversationId, PushContent, UserId } from '../../../../contract/index.js';
import type { DeviceModel, DeviceRecord } from '../../models/deviceModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { pushedKey, type PushedModel } from '../../models/pushedModel.js';
import { groupBy } from '../../utils/groupBy.js';
import type { UnreadCounts } from '../conversations/index.js';
import { visibleFrom, type Membership, type MembershipStore } from '../membership/index.js';
import type { PresenceService } from '../presence/index.js';
import type { UserDirectory } from '../users/index.js';
import type { ViewerRules, Visibility } from '../visibility/index.js';
import type { MessageNotification } from '../pushProvider.js';
import { toNotifications, type DeviceService } from './devices.js';
import type { PushSettings } from './settings.js';
import { textsOf } from './texts.js';

export interface AudienceDeps {
  devices: Pick<DeviceModel, 'findByUsers'>;
  deviceService: Pick<DeviceService, 'isUsable'>;
  members: Pick<MemberModel, 'findByUsers'>;
  memberships: Pick<MembershipStore, 'complete'>;
  pushed: Pick<PushedModel, 'findSent'>;
  presence: Pick<PresenceService, 'findOnline'>;
  unread: Pick<UnreadCounts, 'find'>;
  users: Pick<UserDirectory, 'views' | 'find' | 'isRestricted' | 'knownView'>;
  visibility: Pick<Visibility, 'viewerOf'>;
  viewerRules: Pick<ViewerRules, 'blocks'>;
  settings: PushSettings;
}

/** New messages of a conversation, oldest first, and the users that they may concern. */
export interface Request {
  membership: Membership;
  messages: readonly MessageRecord[];
  userIds: readonly UserId[];
  /** True for a message whose notification has failed on one of several devices of the user. */
  isRetry?: boolean;
}

/** A notification for one user, and the devices that are to show it. */
export interface Wanted {
  conversationId: ConversationId;
  userId: UserId;
  message: MessageRecord;
  notification: MessageNotification;
  devices: readonly DeviceRecord[];
}

/** Users whose unread messages are counted at a time: their queries share batches. */
const USERS_AT_A_TIME = 50;

interface Reader {
  devices: readonly DeviceRecord[];
  content: PushContent;
}

interface Candidate {
  request: Request;
  userId: UserId;
  messages: readonly MessageRecord[];
}

/** Unread conversations of a user that are not muted, with their read positions. */
interface UnreadState {
  badge: number;
  readSeqs: ReadonlyMap<ConversationId, number>;
}

/**
 * Decides who is notified of which message: members with a device and without a connection in use, who may see the message,
 * have not read it by now, and have neither muted the conversation nor switched notifications off.
 */
export class Audience {
  readonly #deps: AudienceDeps;

  constructor(deps: AudienceDeps) {
    this.#deps = deps;
  }

  /** Costs a number of queries per page of users and per conversation, not per user. */
  async find(requests: readonly Request[]): Promise<Wanted[]> {
    const readers = await this.#findReaders(requests.flatMap(({ userIds }) => userIds));
    if (readers.size === 0) return [];
    await this.#deps.users.views(
      requests.flatMap(({ messages }) => messages.map(({ senderId }) => senderId)),
    );
    const candidates = await this.#withoutPushed(
      requests.flatMap((request) =>
        request.userIds
          .filter((userId) => readers.has(userId))
          .map((userId) => ({ request, userId, messages: this.#messagesFor(userId, request) })),
      ),
    );
    const visible = await this.#withoutInvisible(candidates);
    const unread = await this.#findUnread([...new Set(visible.map(({ userId }) => userId))]);
    return visible.flatMap((candidate) => {
      const reader = readers.get(candidate.userId);
      const state = unread.get(candidate.userId);
      if (reader === undefined || state === undefined) return [];
      const message = newestUnread(candidate, state);
      if (message === undefined) return [];
      const { userId } = candidate;
      const { conversationId } = message;
      const notification = this.#toNotification(candidate, { message, badge: state.badge, reader });
      return [{ conversationId, userId, message, notification, devices: reader.devices }];
    });
  }

  /** Returns the users with a usable device, without those who are connected and those who wish no notifications. */
  async #findReaders(userIds: readonly UserId[]): Promise<Map<UserId, Reader>> {
    const { devices, presence, users, deviceService, settings } = this.#deps;
    const found = groupBy(await devices.findByUsers([...new Set(userIds)]), ({ userId }) => userId);
    const ids = [...found.keys()];
    const [online] = await Promise.all([presence.findOnline(ids), users.views(ids)]);
    const absent = ids.filter((id) => !online.has(id));
    const records = await Promise.all(absent.map((id) => users.find(id)));
    return new Map(
      absent.flatMap((id, index): [UserId, Reader][] => {
        const { enabled, content } = toNotifications(records[index]?.notifications, settings);
        const usable = (found.get(id) ?? []).filter((device) => deviceService.isUsable(device));
        return enabled && usable.length > 0 ? [[id, { devices: usable, content }]] : [];
      }),
    );
  }

  /** Messages of others that are still there. What a user wrote before they were restricted is not pushed any more. */
  #messagesFor(userId: UserId, { messages }: Request): MessageRecord[] {
    const { users } = this.#deps;
    return messages.filter(
      ({ senderId, deletedAt }) =>
        senderId !== userId && deletedAt === undefined && !users.isRestricted(senderId),
    );
  }

  async #withoutPushed(candidates: readonly Candidate[]): Promise<Candidate[]> {
    const keyOf = ({ request, userId }: Candidate) => ({
      conversationId: request.membership.conversationId,
      userId,
    });
    const sent = await this.#deps.pushed.findSent(candidates.map(keyOf));
    return candidates.flatMap((candidate) => {
      const sentSeq = sent.get(pushedKey(keyOf(candidate))) ?? 0;
      const lastSeq = candidate.request.isRetry === true ? sentSeq - 1 : sentSeq;
      const messages = candidate.messages.filter(({ seq }) => seq > lastSeq);
      return messages.length === 0 ? [] : [{ ...candidate, messages }];
    });
  }

  /** Keeps the messages that the user may see, by the same rules as pages and pushes to sockets. */
  async #withoutInvisible(candidates: readonly Candidate[]): Promise<Candidate[]> {
    const byRequest = groupBy(candidates, ({ request }) => request);
    const kept = await Promise.all(
      [...byRequest].map(([request, some]) => this.#visibleIn(request.membership, some)),
    );
    return kept.flat();
  }

  async #visibleIn(membership: Membership, candidates: readonly Candidate[]): Promise<Candidate[]> {
    const { closedBy, sealedInto, blockedBy, conversationId, type } = membership;
    if (closedBy !== undefined || sealedInto !== undefined || blockedBy.size > 0) return [];
    const userIds = candidates.map(({ userId }) => userId);
    const [facts, documents] = await Promise.all([
      this.#deps.memberships.complete(membership, userIds),
      this.#deps.members.findByUsers(conversationId, userIds),
    ]);
    const own = new Map(documents.map((one) => [one.userId, one]));
    const checked = await Promise.all(
      candidates.map(async (candidate): Promise<Candidate[]> => {
        const { userId } = candidate;
        const fact = facts.get(userId);
        if (fact === undefined || membership.gone.has(userId)) return [];
        const access = { membership, facts: fact, visibleFromSeq: visibleFrom(membership, fact) };
        const seqs = candidate.messages.map(({ seq }) => seq);
        const [viewer, blocks] = await Promise.all([
          this.#deps.visibility.viewerOf(userId, access, { seqs, known: { own: own.get(userId) } }),
          this.#deps.viewerRules.blocks.of(userId),
        ]);
        const isBlocked = (senderId: UserId): boolean =>
          type === 'direct' && (blocks.blocked.has(senderId) || blocks.blockedBy.has(senderId));
        const messages = candidate.messages.filter(
          (message) => viewer.sees(message) && !isBlocked(message.senderId),
        );
        return messages.length === 0 ? [] : [{ ...candidate, messages }];
      }),
    );
    return checked.flat();
  }

  async #findUnread(userIds: readonly UserId[]): Promise<Map<UserId, UnreadState>> {
    const states = new Map<UserId, UnreadState>();
    for (let from = 0; from < userIds.length; from += USERS_AT_A_TIME) {
      const some = userIds.slice(from, from + USERS_AT_A_TIME);
      const found = await Promise.all(some.map((userId) => this.#deps.unread.find(userId)));
      for (const [index, userId] of some.entries()) {
        const unmuted = (found[index] ?? []).filter(({ isMuted, count }) => !isMuted && count > 0);
        states.set(userId, {
          badge: unmuted.reduce((sum, { count }) => sum + count, 0),
          readSeqs: new Map(unmuted.map(({ conversation, readSeq }) => [conversation._id, readSeq])),
        });
      }
    }
    return states;
  }

  #toNotification(
    { request: { membership } }: Candidate,
    { message, badge, reader }: { message: MessageRecord; badge: number; reader: Reader },
  ): MessageNotification {
    const { settings, users } = this.#deps;
    return {
      type: 'message',
      conversationId: message.conversationId,
      messageId: message._id,
      seq: message.seq,
      badge,
      ...textsOf({
        message,
        senderName: users.knownView(message.senderId).name,
        groupName: membership.name,
        isDirect: membership.type === 'direct',
        content: reader.content,
        usesKeys: settings.usesKeys,
      }),
    };
  }
}

/** Returns the newest of the messages, unless the user has read it or muted the conversation. */
function newestUnread(
  { request, messages }: Candidate,
  { readSeqs }: UnreadState,
): MessageRecord | undefined {
  const readSeq = readSeqs.get(request.membership.conversationId);
  return readSeq === undefined ? undefined : messages.findLast(({ seq }) => seq > readSeq);
}
