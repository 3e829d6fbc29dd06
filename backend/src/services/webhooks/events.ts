import {
  serverConversationView,
  SYSTEM_USER_ID,
  type Action,
  type ConversationId,
  type EntryView,
  type UserId,
  type WebhookEventName,
} from '../../../../contract/index.js';
import type { ChangedMessages } from '../../models/changedMessages.js';
import type { ChangeModel, ChangeRecord } from '../../models/changeModel.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import type { ReportModel } from '../../models/reportModel.js';
import type { ConversationViews, MessageViews } from '../views/index.js';
import type { Viewer } from '../visibility/index.js';
import type { WebhookEvent } from './sender.js';
import { blockEventId, type ConversationSubject, type DueSubject } from './subjects.js';

interface EventDeps {
  messages: Pick<MessageModel, 'findRange'>;
  changes: Pick<ChangeModel, 'findAfter'>;
  changedMessages: Pick<ChangedMessages, 'findBySeqs'>;
  conversations: Pick<ConversationModel, 'findById'>;
  reports: Pick<ReportModel, 'findById'>;
  messageViews: Pick<MessageViews, 'loadContext' | 'presentFor'>;
  views: Pick<ConversationViews, 'presentOne'>;
}

/** Events of one entry of a log, and the position after it. */
export interface EventStep {
  events: WebhookEvent[];
  reached: Pick<ConversationSubject, 'isNew' | 'seq' | 'rev'>;
}

/** Entries that are read and presented together. */
const PAGE = 50;
const NO_USERS: ReadonlySet<UserId> = new Set();

/** The app's backend sees every entry except those that history shows to nobody. */
const backendViewer = (conversationId: ConversationId): Viewer => ({
  userId: SYSTEM_USER_ID,
  conversationId,
  visibleFromSeq: 1,
  blocked: NO_USERS,
  sees: ({ silent }) => silent !== true,
  seesChange: () => true,
});

function eventOf(type: WebhookEventName, { id, at }: { id: string; at: Date }, data: object): WebhookEvent {
  return { id, body: { type, timestamp: at.toISOString(), data } };
}

const MEMBER_EVENTS: Partial<Record<Action['type'], WebhookEventName>> = {
  added: 'member.joined',
  joined: 'member.joined',
  left: 'member.left',
  removed: 'member.removed',
};

/** Returns the event of a membership event. Shadow entries change nothing for anybody else. */
function membershipEventOf({ _id, conversationId, seq, senderId, ...entry }: MessageRecord): WebhookEvent[] {
  const { action, createdAt: at, shadow } = entry;
  if (action === undefined || shadow === true) return [];
  const named = { id: `entry_${_id}`, at };
  if (action.type === 'unmatched') {
    return [eventOf('conversation.closed', named, { conversationId, seq, by: senderId })];
  }
  const type = MEMBER_EVENTS[action.type];
  if (type === undefined) return [];
  const userIds = 'userIds' in action ? action.userIds : [senderId];
  return [eventOf(type, named, { conversationId, seq, userIds, by: senderId })];
}

/** Builds the events of a subject from what is stored, so that nothing is kept for a delivery but its position. */
export class WebhookEvents {
  readonly #deps: EventDeps;

  constructor(deps: EventDeps) {
    this.#deps = deps;
  }

  /**
   * Yields the events of a subject, entry by entry, in the order of its log and then of its changes. Without ends it yields
   * everything that is stored.
   */
  async *of(
    { subject, ...ends }: DueSubject,
    wanted: ReadonlySet<WebhookEventName>,
  ): AsyncGenerator<EventStep> {
    if (subject.kind === 'report') {
      yield { events: await this.#reported(subject.reportId), reached: {} };
    } else if (subject.kind === 'block') {
      const { userId, blockedUserId, at } = subject;
      const id = blockEventId(subject);
      yield { events: [eventOf('user.blocked', { id, at }, { userId, blockedUserId })], reached: {} };
    } else {
      if (subject.isNew === true) {
        yield { events: await this.#created(subject.conversationId, wanted), reached: { isNew: false } };
      }
      yield* this.#entries({ subject, lastSeq: ends.lastSeq ?? Infinity }, wanted);
      yield* this.#changes({ subject, lastRev: ends.lastRev ?? Infinity }, wanted);
    }
  }

  async #created(id: ConversationId, wanted: ReadonlySet<WebhookEventName>): Promise<WebhookEvent[]> {
    const record = wanted.has('conversation.created')
      ? await this.#deps.conversations.findById(id)
      : undefined;
    if (record === undefined) return [];
    const view = await this.#deps.views.presentOne(SYSTEM_USER_ID, record);
    const conversation = serverConversationView.parse(view);
    return [
      eventOf('conversation.created', { id: `conversation_${id}`, at: record.createdAt }, { conversation }),
    ];
  }

  async #reported(id: string): Promise<WebhookEvent[]> {
    const report = await this.#deps.reports.findById(id);
    // The moderation hook's own findings are `message.flagged`.
    if (report === undefined || report.reporterId === SYSTEM_USER_ID) return [];
    const { reporterId, userId, message, reason, comment, createdAt } = report;
    const data = {
      report: {
        ...{ _id: id, reporterId, userId, ...message, reason },
        ...(comment !== undefined && { comment }),
        createdAt: createdAt.toISOString(),
      },
    };
    return [eventOf('user.reported', { id: `report_${id}`, at: createdAt }, data)];
  }

  async *#entries(
    { subject: { conversationId, seq }, lastSeq }: { subject: ConversationSubject; lastSeq: number },
    wanted: ReadonlySet<WebhookEventName>,
  ): AsyncGenerator<EventStep> {
    if (seq === undefined) return;
    for (let after = seq; after < lastSeq;) {
      const page = await this.#deps.messages.findRange(
        conversationId,
        after + 1,
        Math.min(after + PAGE, lastSeq),
      );
      const last = page.at(-1)?.seq;
      if (last === undefined) return;
      const views = await this.#present(
        conversationId,
        page.filter((entry) => isWanted(entry, wanted)),
      );
      for (const entry of page) {
        const events = eventsOf(entry, views.get(entry.seq)).filter(({ body }) => isIn(wanted, body.type));
        yield { events, reached: { seq: entry.seq } };
      }
      after = last;
    }
  }

  async *#changes(
    { subject: { conversationId, rev }, lastRev }: { subject: ConversationSubject; lastRev: number },
    wanted: ReadonlySet<WebhookEventName>,
  ): AsyncGenerator<EventStep> {
    if (rev === undefined) return;
    for (let after = rev; after < lastRev;) {
      const found = await this.#deps.changes.findAfter(conversationId, after, PAGE);
      const page = found.filter((change) => change.rev <= lastRev);
      const last = page.at(-1)?.rev;
      if (last === undefined) return;
      const told = page.filter(
        ({ kind, shadow }) => (kind === 'edit' || kind === 'delete') && shadow !== true,
      );
      const seqs = [...new Set(told.map((change) => change.seq))];
      const messages =
        seqs.length === 0 ? [] : await this.#deps.changedMessages.findBySeqs(conversationId, seqs);
      const views = await this.#present(conversationId, messages);
      for (const change of page) {
        const message = told.includes(change) ? messages.find(({ seq }) => seq === change.seq) : undefined;
        const events = message === undefined ? [] : changeEvents(change, message, views.get(change.seq));
        yield {
          events: events.filter(({ body }) => isIn(wanted, body.type)),
          reached: { rev: change.rev },
        };
      }
      after = last;
    }
  }

  async #present(id: ConversationId, messages: readonly MessageRecord[]): Promise<Map<number, EntryView>> {
    if (messages.length === 0) return new Map();
    const context = await this.#deps.messageViews.loadContext([id], SYSTEM_USER_ID);
    const views = await this.#deps.messageViews.presentFor(backendViewer(id), messages, context);
    return new Map(views.map((view) => [view.seq, view]));
  }
}

const isIn = (wanted: ReadonlySet<string>, type: string): boolean => wanted.has(type);

/** True for entries whose view is needed. */
const isWanted = ({ kind, flag, moved }: MessageRecord, wanted: ReadonlySet<WebhookEventName>): boolean =>
  kind !== 'system' &&
  moved !== true &&
  (wanted.has('message.created') || (flag !== undefined && wanted.has('message.flagged')));

function eventsOf(entry: MessageRecord, message: EntryView | undefined): WebhookEvent[] {
  if (entry.kind === 'system') return membershipEventOf(entry);
  if (message === undefined || message.kind === 'hidden') return [];
  const { _id, createdAt: at, flag } = entry;
  const created = eventOf('message.created', { id: `message_${_id}`, at }, { message });
  if (flag === undefined) return [created];
  return [created, eventOf('message.flagged', { id: `flag_${_id}`, at }, { message, ...flag })];
}

function changeEvents(
  change: ChangeRecord,
  { _id: messageId, deletedAt, editRev }: MessageRecord,
  message: EntryView | undefined,
): WebhookEvent[] {
  const { _id, conversationId, seq, rev, by, at } = change;
  const named = { id: `change_${_id}`, at };
  if (change.kind === 'delete') {
    return [eventOf('message.deleted', named, { conversationId, seq, messageId, rev, by })];
  }
  if (message === undefined || message.kind === 'hidden') return [];
  // Committed and not applied yet: its text is not the new one. The delivery is tried again.
  if (deletedAt === undefined && (editRev ?? 0) < rev) throw new Error('a change is not applied yet');
  const updated = eventOf('message.updated', named, { message, rev, by });
  if (change.flag === undefined) return [updated];
  return [updated, eventOf('message.flagged', { id: `flag_${_id}`, at }, { message, ...change.flag })];
}
