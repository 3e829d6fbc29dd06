import type { ConversationId, UserId } from '../../../contract/index.js';
import { ensureIndexes } from '../../../backend/src/database/indexes.js';
import { createModels, type Models } from '../../../backend/src/models/index.js';
import { WriteWatermark } from '../../../backend/src/services/derived/writeWatermark.js';
import { DatabaseTime } from '../../../backend/src/services/derived/databaseTime.js';
import {
  audienceOf,
  emptySummary,
  mergeIntoSummary,
  writeSummaries,
  type SummaryAudience,
} from '../../../backend/src/services/derived/summaries.js';
import { MembershipStore } from '../../../backend/src/services/membership/membershipStore.js';
import { MembershipWriter } from '../../../backend/src/services/membership/membershipWriter.js';
import type { Membership } from '../../../backend/src/services/membership/membership.js';
import type { MessageTrace } from '../../../backend/src/models/messageModel.js';
import { createLogger } from '../../../backend/src/utils/logger.js';
import { CannotRun, type TaskContext } from '../frame/task.js';
import type { ImportMapping } from './mapping.js';
import { People } from './people.js';
import type { Staging } from './staging.js';

/** Messages of one page of a log that is summarised again. */
const PAGE = 500;

/** What everything of one import works with: the server's own models, and what it derives from its logs. */
export class Importer {
  readonly models: Models;
  readonly memberships: MembershipStore;
  readonly people: People;
  readonly #writer: MembershipWriter;
  readonly #logger = createLogger({ level: 'warn', pretty: false });
  #prepared: Promise<void> | undefined;

  constructor(
    readonly context: TaskContext,
    readonly mapping: ImportMapping,
    readonly staging: Staging,
  ) {
    this.models = createModels(context.connection);
    this.people = new People(mapping, staging);
    const watermark = new WriteWatermark(new DatabaseTime());
    this.#writer = new MembershipWriter({ ...this.models, watermark, logger: this.#logger });
    this.memberships = new MembershipStore({ ...this.models, writer: this.#writer });
  }

  /** Without its indexes nothing that the server promises would hold of what is written here. @throws CannotRun. */
  prepare(): Promise<void> {
    this.#prepared ??= ensureIndexes(this.models, this.#logger).catch((error: unknown) => {
      throw new CannotRun(`${(error as Error).message} (npm run data -- harden repairs what is there).`);
    });
    return this.#prepared;
  }

  /** Who is in a conversation, as its log says; what follows from that is written when this resolves. */
  async membership(id: ConversationId): Promise<Membership | undefined> {
    const membership = await this.memberships.current(id);
    await this.#writer.drain();
    return membership;
  }

  /** Brings a conversation's summary up to its log, from a place on. @returns how far it was behind. */
  async summarise(id: ConversationId): Promise<number> {
    const { conversations, messages } = this.models;
    const record = await conversations.findById(id);
    if (record === undefined) return 0;
    const tail = await messages.findTail(id, record.lastSeq);
    const behind = Math.max(0, (tail?.seq ?? 0) - record.lastSeq);
    const membership = record.type === 'direct' ? undefined : await this.membership(id);
    const audience = membership === undefined ? pairAudience(record.participants) : audienceOf(membership);
    for (let from = record.lastSeq + 1; from <= (tail?.seq ?? 0); from += PAGE) {
      await this.#summarisePage(await messages.findRange(id, from, from + PAGE - 1), audience);
    }
    return behind;
  }

  /** Messages just stored, in their order. */
  async note(stored: readonly MessageTrace[], audience: SummaryAudience): Promise<void> {
    await this.#summarisePage(stored, audience);
  }

  async #summarisePage(traces: readonly MessageTrace[], audience: SummaryAudience): Promise<void> {
    const [first] = traces;
    if (first === undefined) return;
    const summary = emptySummary(first);
    for (const trace of traces) mergeIntoSummary(summary, trace, audience);
    await writeSummaries(this.models, [summary]);
  }
}

export const pairAudience = (userIds: readonly UserId[]): SummaryAudience => ({
  ...{ type: 'direct', isApart: false, userIds },
});
