import type { ConversationId, UserId } from '../../../contract/index.js';
import { ensureIndexes } from '../../../backend/src/database/indexes.js';
import { createModels, type Models } from '../../../backend/src/models/index.js';
import { WriteWatermark } from '../../../backend/src/services/runtime/writeWatermark.js';
import { DatabaseTime } from '../../../backend/src/services/runtime/databaseTime.js';
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
import type { TaskContext } from '../frame/taskContext.js';
import { CannotRun } from '../frame/taskErrors.js';
import type { ImportMapping } from './mapping.js';
import { People } from './people.js';
import type { Staging } from './staging.js';

/** Number of messages read at a time when a summary is derived again. */
const PAGE = 500;

/** Models and derived state shared by all steps of one import. */
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

  /** Creates the indexes, which the guarantees of the server depend on. @throws CannotRun. */
  prepare(): Promise<void> {
    this.#prepared ??= ensureIndexes(this.models, this.#logger).catch((error: unknown) => {
      throw new CannotRun(`${(error as Error).message} (npm run data -- harden repairs the stored data).`);
    });
    return this.#prepared;
  }

  /** Reads the membership from the log. When this resolves, everything derived from it is written. */
  async membership(id: ConversationId): Promise<Membership | undefined> {
    const membership = await this.memberships.current(id);
    await this.#writer.drain();
    return membership;
  }

  /** Updates a conversation's summary from its log. @returns the number of entries it was behind. */
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

  /** Adds messages that were just stored to the summary, in log order. */
  async addToSummary(stored: readonly MessageTrace[], audience: SummaryAudience): Promise<void> {
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
  type: 'direct',
  isLarge: false,
  userIds,
});
