import type { ConversationId, MessageId, UserId } from '../../../../contract/index.js';
import type { DeviceRecord } from '../../models/deviceModel.js';
import type { FeedEntry } from '../../models/messageFeed.js';
import type { MemberPages } from '../../models/memberPages.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import type { PushedModel } from '../../models/pushedModel.js';
import { isCopyOf } from '../../models/objectIds.js';
import {
  retryJobId,
  type LargeJob,
  type PushJob,
  type PushJobModel,
  type RetryJob,
} from '../../models/pushJobModel.js';
import { groupBy } from '../../utils/groupBy.js';
import type { Metrics } from '../../utils/metrics.js';
import type { MembershipStore } from '../membership/index.js';
import type { DatabaseTime } from '../runtime/index.js';
import type { Audience, Request, Wanted } from './audience.js';
import type { Clearing } from './clearing.js';
import type { Addressed, Dispatched, Dispatcher } from './dispatcher.js';
import type { PushSettings } from './settings.js';

export interface PusherDeps {
  audience: Pick<Audience, 'find'>;
  clearing: Pick<Clearing, 'note'>;
  dispatcher: Pick<Dispatcher, 'send'>;
  memberPages: MemberPages;
  memberships: Pick<MembershipStore, 'currentOf'>;
  messages: Pick<MessageModel, 'findByIds'>;
  pushed: PushedModel;
  pushJobs: PushJobModel;
  settings: PushSettings;
  time: DatabaseTime;
  metrics: Pick<Metrics, 'pushSeconds' | 'pushesExpired'>;
  /** False when another process may be doing this work by now. */
  isHolder: () => boolean;
}

/** Newest messages of a conversation among which the one to show is looked for. */
const MAX_MESSAGES = 10;
/** Members of a large conversation that are looked at together. */
const MEMBERS_PER_PAGE = 500;
/** First and longest wait before a repetition, in ms. */
const RETRY_MS = { first: 2_000, max: 600_000 };

interface Item extends Addressed {
  wanted: Wanted;
  attempts: number;
}

/** Turns new messages and waiting jobs into notifications. */
export class Pusher {
  readonly #deps: PusherDeps;

  constructor(deps: PusherDeps) {
    this.#deps = deps;
  }

  /** Pushes new entries of any conversations. Failed notifications, and members of large conversations, wait as jobs. */
  async push(entries: readonly FeedEntry[]): Promise<void> {
    const { clearing, memberships, pushJobs, time, settings } = this.#deps;
    const oldestMs = time.nowMs() - settings.ttlMs;
    const fresh = entries.filter(
      (entry) =>
        entry.isCounted && entry.createdAt.getTime() >= oldestMs && !isCopyOf(entry._id, entry.createdAt),
    );
    if (fresh.length === 0) return;
    // Whoever writes in a conversation has read it.
    clearing.note(fresh.map(({ senderId, ...entry }) => ({ ...entry, userId: senderId })));
    const groups = groupBy(fresh, ({ conversationId }) => conversationId);
    const found = await memberships.currentOf([...groups.keys()]);
    const known = [...groups].flatMap(([id, some]) => {
      const membership = found.get(id);
      return membership === undefined ? [] : [{ membership, some }];
    });
    const large = known.filter(({ membership }) => membership.isLarge);
    await pushJobs.add(large.flatMap(({ some }) => this.#toLargeJob(some)));
    const small = known.filter(({ membership }) => !membership.isLarge);
    const messages = await this.#load(small.flatMap(({ some }) => some.slice(-MAX_MESSAGES)));
    await this.#send(
      small.map(({ membership }) => ({
        membership,
        messages: messages.get(membership.conversationId) ?? [],
        userIds: [...membership.members.keys()],
      })),
    );
  }

  /** Repeats notifications that a provider has not taken. */
  async retry(jobs: readonly RetryJob[]): Promise<void> {
    const { memberships, pushJobs } = this.#deps;
    const live = await this.#withoutExpired(jobs);
    const messages = new Map(
      (await this.#deps.messages.findByIds([...new Set(live.map(({ messageId }) => messageId))])).map(
        (message) => [message._id, message],
      ),
    );
    const found = await memberships.currentOf([...new Set(live.map(({ conversationId }) => conversationId))]);
    const requests = [...groupBy(live, ({ messageId }) => messageId)].flatMap(
      ([messageId, some]): Request[] => {
        const message = messages.get(messageId);
        const membership = message && found.get(message.conversationId);
        if (message === undefined || membership === undefined) return [];
        const userIds = [...new Set(some.map(({ userId }) => userId))];
        return [{ membership, messages: [message], userIds, isRetry: true }];
      },
    );
    const byId = new Map(live.map((job) => [job._id, job]));
    const repeated = await this.#send(requests, (wanted, device) =>
      byId.get(retryJobId(wanted.conversationId, device._id)),
    );
    await pushJobs.remove(live.map(({ _id }) => _id).filter((id) => !repeated.has(id)));
  }

  /** Pushes to the next members of a large conversation. */
  async pushLarge(job: LargeJob): Promise<void> {
    const { memberships, memberPages, messages, pushJobs } = this.#deps;
    const { conversationId, messageId } = job;
    const [live] = await this.#withoutExpired([job]);
    const [message] = live === undefined ? [] : await messages.findByIds([messageId]);
    const membership = (await memberships.currentOf([conversationId])).get(conversationId);
    if (message === undefined || membership === undefined) {
      await pushJobs.remove([job._id]);
      return;
    }
    const userIds = await memberPages.findIds(conversationId, {
      after: job.afterUserId,
      limit: MEMBERS_PER_PAGE,
    });
    await this.#send([{ membership, messages: [message], userIds }]);
    const last = userIds.at(-1);
    if (last === undefined || userIds.length < MEMBERS_PER_PAGE) await pushJobs.remove([job._id]);
    else await pushJobs.advance(job._id, last);
  }

  /**
   * Sends the notifications that the audience of these messages is to get. Returns the ids of the jobs that wait for another
   * attempt.
   *
   * @param jobOf for repetitions: the job of a device; other devices are left out.
   */
  async #send(
    requests: readonly Request[],
    jobOf?: (wanted: Wanted, device: DeviceRecord) => RetryJob | undefined,
  ): Promise<ReadonlySet<string>> {
    const { audience, dispatcher, pushed, pushJobs, time, isHolder } = this.#deps;
    const wanted = await audience.find(requests);
    if (wanted.length === 0) return NO_IDS;
    const items = wanted.flatMap((one) => this.#address(one, jobOf));
    await pushed.begin(wanted.map(toPushed), time.now());
    const results = await dispatcher.send(items, isHolder);
    const sent = new Set(results.filter(({ isSent }) => isSent).map(({ item }) => item.wanted));
    await pushed.finish([...sent].map(toPushed));
    for (const { item, isSent } of results) if (isSent) this.#observe(item);
    const jobs = results.flatMap((result) => this.#toRetryJob(result));
    await pushJobs.add(jobs);
    // The position was not moved: the other process finds what this one has not sent.
    if (!isHolder()) throw new Error('another process has taken over');
    return new Set(jobs.map(({ _id }) => _id));
  }

  #address(
    wanted: Wanted,
    jobOf: ((wanted: Wanted, device: DeviceRecord) => RetryJob | undefined) | undefined,
  ): Item[] {
    const ageMs = this.#deps.time.nowMs() - wanted.message.createdAt.getTime();
    const ttlMs = Math.max(0, this.#deps.settings.ttlMs - ageMs);
    return wanted.devices.flatMap((device) => {
      const job = jobOf?.(wanted, device);
      if (jobOf !== undefined && job === undefined) return [];
      const { notification } = wanted;
      return [{ device, notification, ttlMs, wanted, attempts: job?.attempts ?? 0 }];
    });
  }

  #observe({ device, wanted }: Item): void {
    const delayMs = this.#deps.time.nowMs() - wanted.message.createdAt.getTime();
    this.#deps.metrics.pushSeconds.observe({ provider: device.provider }, Math.max(0, delayMs) / 1_000);
  }

  #toRetryJob({ item, retryAfterMs }: Dispatched<Item>): RetryJob[] {
    if (retryAfterMs === undefined) return [];
    const { device, wanted, attempts } = item;
    const { conversationId, userId, message } = wanted;
    const ownMs = Math.min(RETRY_MS.first * 2 ** attempts, RETRY_MS.max) * (0.8 + Math.random() * 0.4);
    return [
      {
        _id: retryJobId(conversationId, device._id),
        kind: 'retry',
        conversationId,
        messageId: message._id,
        seq: message.seq,
        userId,
        deviceId: device._id,
        attempts: attempts + 1,
        dueAt: new Date(this.#deps.time.nowMs() + Math.max(retryAfterMs, ownMs)),
        expiresAt: this.#expiry(message),
      },
    ];
  }

  #toLargeJob(entries: readonly FeedEntry[]): LargeJob[] {
    const last = entries.at(-1);
    if (last === undefined) return [];
    const { conversationId, _id: messageId, seq } = last;
    const dueAt = this.#deps.time.now();
    const _id = `large:${conversationId}`;
    return [{ _id, kind: 'large', conversationId, messageId, seq, dueAt, expiresAt: this.#expiry(last) }];
  }

  #expiry({ createdAt }: Pick<MessageRecord, 'createdAt'>): Date {
    return new Date(createdAt.getTime() + this.#deps.settings.ttlMs);
  }

  async #withoutExpired<Job extends PushJob>(jobs: readonly Job[]): Promise<Job[]> {
    const now = this.#deps.time.now();
    const expired = jobs.filter(({ expiresAt }) => expiresAt <= now);
    await this.#deps.pushJobs.remove(expired.map(({ _id }) => _id));
    this.#deps.metrics.pushesExpired.inc(expired.length);
    return jobs.filter((job) => !expired.includes(job));
  }

  async #load(entries: readonly FeedEntry[]): Promise<Map<ConversationId, MessageRecord[]>> {
    const ids: MessageId[] = entries.map(({ _id }) => _id);
    const found = await this.#deps.messages.findByIds(ids);
    return groupBy(
      found.toSorted((a, b) => a.seq - b.seq),
      ({ conversationId }) => conversationId,
    );
  }
}

const NO_IDS: ReadonlySet<string> = new Set();

const toPushed = ({
  conversationId,
  userId,
  message,
}: Wanted): { conversationId: ConversationId; userId: UserId; seq: number } => ({
  conversationId,
  userId,
  seq: message.seq,
});
