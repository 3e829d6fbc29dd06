import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Answer, ConversationId, Failure, PushName } from '../../../../contract/index.js';
import type { AliasService } from '../../services/aliases/aliasService.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { BackPressure } from '../backPressure.js';
import { EVENT_PACKET, type EncodedPush } from '../delivery.js';
import type { ChatSocket } from '../types.js';
import { buildFields, fits, readValue } from './fields.js';
import type { CommandRule, LegacyMapping, PushRule, Saying } from './mapping.js';
import { conversationIdsIn, mapConversationIds } from './oldIds.js';

export interface OldClientParts {
  mapping: LegacyMapping;
  aliases: AliasService;
  backPressure: BackPressure;
  metrics: Pick<Metrics, 'droppedPushes'>;
  logger: Logger;
}

/** Ids that one connection has used itself and is spoken to by. */
const MAX_USED = 2_000;
/** Pushes that may wait until it is known by which id the client knows their conversation. */
const MAX_WAITING = 1_000;
const MAX_ECHO_CHARS = 200;

const packet = z.tuple([z.string(), z.object({ data: z.unknown() })]);

/** Parsed once for all old clients that hear it. */
const parsedPushes = new WeakMap<EncodedPush, unknown>();
function dataOf(push: EncodedPush): unknown {
  const known = parsedPushes.get(push);
  if (known !== undefined) return known;
  const [, { data }] = packet.parse(JSON.parse(push.text.slice(1)));
  parsedPushes.set(push, data);
  return data;
}

/**
 * One connection of an old client: what it is told, it is told under old names and with the old ids that it knows.
 * Pushes keep their order, also when an id has to be looked up first.
 */
export class OldClient {
  readonly #parts: OldClientParts;
  readonly #socket: ChatSocket;
  /** By which id this very client calls a conversation. */
  readonly #used = new LRUCache<ConversationId, string>({ max: MAX_USED });
  #waiting: EncodedPush[] = [];
  #isTelling = false;

  constructor(parts: OldClientParts, socket: ChatSocket) {
    this.#parts = parts;
    this.#socket = socket;
  }

  /** The client calls a conversation so. */
  learn(conversationId: ConversationId, oldId: string): void {
    this.#used.set(conversationId, oldId);
  }

  /** A push for this client, now or as soon as it is known how it calls the conversation. */
  hear(push: EncodedPush): void {
    if (!this.#isTelling && this.#tell(push)) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#parts.metrics.droppedPushes.inc({ event: push.event });
      return;
    }
    this.#waiting.push(push);
    if (!this.#isTelling) void this.#tellWaiting();
  }

  /** Answers one of its events: by its acknowledgement, else under the names of the mapping. */
  async answer(
    rule: CommandRule,
    call: { event: string; args: readonly unknown[]; acknowledge: ((answer: unknown) => void) | undefined },
    answer: Answer<unknown>,
  ): Promise<void> {
    const about = { event: call.event, request: echoOf(call.args[0]) };
    if (!answer.success) {
      this.#fail({ ...answer, ...about }, call.acknowledge);
      return;
    }
    const data = await this.#withOldIds(answer.data);
    const all = { ...(data as object), ...about };
    if (call.acknowledge !== undefined) {
      const fields = rule.answer?.fields === undefined ? data : buildFields(all, rule.answer.fields);
      call.acknowledge({ success: true, ...(fields as object) });
    } else if (rule.answer !== undefined) this.#emit(rule.answer, all);
  }

  /** Says that something was refused that is no event of the mapping. */
  refuse(event: string, failure: Failure, acknowledge: ((answer: Failure) => void) | undefined): void {
    this.#fail({ ...failure, event: event.slice(0, MAX_ECHO_CHARS), request: {} }, acknowledge);
  }

  #fail(
    failure: Failure & { event: string; request: unknown },
    acknowledge: ((answer: Failure) => void) | undefined,
  ): void {
    const { errors } = this.#parts.mapping;
    if (acknowledge === undefined) this.#emit(errors, failure);
    else acknowledge({ ...buildFields(failure, errors.fields ?? {}), ...pick(failure) });
  }

  async #tellWaiting(): Promise<void> {
    this.#isTelling = true;
    while (this.#waiting.length > 0) {
      const [push] = this.#waiting;
      if (push === undefined) break;
      try {
        await this.#lookUp(conversationIdsIn(dataOf(push)));
        this.#tell(push);
      } catch (error) {
        // Live delivery is a hint: an old client asks for history when it comes back, as it always did.
        this.#parts.metrics.droppedPushes.inc({ event: push.event });
        this.#parts.logger.debug({ err: error }, 'an old client could not be told something');
      }
      this.#waiting.shift();
    }
    this.#isTelling = false;
  }

  /** @returns false when an id has to be looked up first. */
  #tell(push: EncodedPush): boolean {
    const { mapping, backPressure, metrics } = this.#parts;
    const rules = mapping.pushes[push.event];
    if (rules === undefined && mapping.otherPushes === 'drop') return true;
    const data = dataOf(push);
    const rule = ruleFor(rules, data);
    if (rules !== undefined && rule === undefined) return true;
    const names = new Map<ConversationId, string>();
    for (const id of conversationIdsIn(data)) {
      const name = this.#nameOf(id);
      if (name === undefined) return false;
      names.set(id, name);
    }
    if (!this.#socket.connected || !this.#isHearing(push.event)) return true;
    if (!backPressure.mayWrite(this.#socket, push.priority)) {
      metrics.droppedPushes.inc({ event: push.event });
      return true;
    }
    const named = mapConversationIds(data, (id) => names.get(id) ?? id);
    if (rule === undefined) this.#write(push.event, [{ success: true, data: named }]);
    else this.#emit(rule, named);
    return true;
  }

  /** What waited while the token expired is not told any more; that it did expire is. */
  #isHearing(event: PushName): boolean {
    return this.#socket.data.live || event === 'auth:expired' || event === 'connection:ended';
  }

  #nameOf(id: ConversationId): string | undefined {
    const { mapping, aliases } = this.#parts;
    const own = this.#used.get(id);
    return own ?? aliases.knownName(this.#socket.data.principal.userId, id, mapping.directIds);
  }

  async #lookUp(ids: ReadonlySet<ConversationId>): Promise<Map<ConversationId, string>> {
    const { mapping, aliases } = this.#parts;
    const { userId } = this.#socket.data.principal;
    const names = await Promise.all(
      [...ids].map(
        async (id) =>
          [id, this.#used.get(id) ?? (await aliases.nameFor(userId, id, mapping.directIds))] as const,
      ),
    );
    return new Map(names);
  }

  async #withOldIds(data: unknown): Promise<unknown> {
    const names = await this.#lookUp(conversationIdsIn(data));
    return mapConversationIds(data, (id) => names.get(id) ?? id);
  }

  #emit({ event, fields, arguments: list }: Saying, data: unknown): void {
    if (fields !== undefined) this.#write(event, [buildFields(data, fields)]);
    else
      this.#write(
        event,
        (list ?? []).map((source) => readValue(data, source) ?? null),
      );
  }

  /** Old names are in no event map. */
  #write(event: string, args: readonly unknown[]): void {
    this.#socket.conn.write(EVENT_PACKET + JSON.stringify([event, ...args]), { compress: true });
  }
}

function ruleFor(rules: PushRule | PushRule[] | undefined, data: unknown): PushRule | undefined {
  return [rules ?? []].flat().find(({ when }) => when === undefined || fits(data, when));
}

const pick = ({ success, error, code }: Failure) => ({ success, error, code });

/** What a client sent, to be said back to it: short things alone. */
function echoOf(request: unknown): Record<string, unknown> {
  if (typeof request !== 'object' || request === null) return isShort(request) ? { value: request } : {};
  return Object.fromEntries(Object.entries(request).filter(([, value]) => isShort(value)));
}

const isShort = (value: unknown): boolean =>
  typeof value === 'string' ? value.length <= MAX_ECHO_CHARS : ['number', 'boolean'].includes(typeof value);
