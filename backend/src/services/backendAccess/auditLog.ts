import { z } from 'zod';
import { LIMITS, type AuditEntryView } from '../../../../contract/index.js';
import type { AuditModel, AuditRecord, Outcome } from '../../models/auditModel.js';
import { AppError } from '../../utils/appError.js';
import { decodeCursor, encodeCursor } from '../../utils/cursors.js';
import type { Logger } from '../../utils/logger.js';
import { TickBatcher } from '../../utils/tickBatcher.js';
import type { DatabaseTime } from '../runtime/index.js';

interface AuditDeps {
  audit: AuditModel;
  time: DatabaseTime;
  logger: Logger;
}

/** An act: who does what to whom, and from where. */
export type Act = Pick<AuditRecord, 'actor' | 'action' | 'from' | 'targets'>;

const auditCursor = z.tuple([z.string().regex(/^[0-9a-f]{24}$/)]);

/**
 * The append-only log of what the app's backend, moderators and operators do. An act is appended before it begins: without
 * its entry it does not happen. Its outcome is added afterwards. An entry without an outcome is of an act during which the
 * server died.
 */
export class AuditLog {
  readonly #deps: AuditDeps;
  readonly #beginning: TickBatcher<AuditRecord>;
  readonly #ending: TickBatcher<Outcome>;

  constructor(deps: AuditDeps) {
    this.#deps = deps;
    this.#beginning = new TickBatcher((records) => deps.audit.append(records));
    this.#ending = new TickBatcher((outcomes) => deps.audit.close(outcomes));
  }

  /**
   * Runs an act between its entry and its outcome.
   *
   * @param createdBy returns the ids that the act has created.
   * @throws the error of the act; `UNAVAILABLE` when the entry could not be stored: then nothing was done.
   */
  async record<Data extends object>(
    act: Act,
    work: () => Promise<Data>,
    createdBy: (data: Data) => Outcome['created'] = () => ({}),
  ): Promise<Data> {
    const { audit, time } = this.#deps;
    const _id = audit.newId();
    await this.#beginning.add([{ ...act, _id, at: time.now() }]);
    try {
      const data = await work();
      await this.#end({ _id, outcome: 'OK', created: createdBy(data) });
      return data;
    } catch (error) {
      await this.#end({ _id, outcome: error instanceof AppError ? error.code : 'INTERNAL', created: {} });
      throw error;
    }
  }

  /** Returns a page of entries, newest first. @throws AppError `VALIDATION` (cursor). */
  async page(input: {
    limit?: number | undefined;
    cursor?: string | undefined;
  }): Promise<{ entries: AuditEntryView[]; nextCursor?: string }> {
    const limit = input.limit ?? LIMITS.auditPageDefault;
    const beforeId = input.cursor === undefined ? undefined : decodeCursor(input.cursor, auditCursor)[0];
    const found = await this.#deps.audit.findPage(limit + 1, beforeId);
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    return {
      entries: shown.map(({ at, ...entry }) => ({ ...entry, at: at.toISOString() })),
      ...(found.length > limit && last !== undefined && { nextCursor: encodeCursor([last._id]) }),
    };
  }

  /** Never throws: the act has ended, and its answer must not depend on this write. */
  async #end(outcome: Outcome): Promise<void> {
    try {
      await this.#ending.add([outcome]);
    } catch (error) {
      this.#deps.logger.warn({ err: error, auditId: outcome._id }, 'the outcome of an act was not stored');
    }
  }
}
