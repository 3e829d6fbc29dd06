import { z } from 'zod';
import type { Answer, ConversationId, Failure, PushName } from '../../../../contract/index.js';
import type { AliasService } from '../../services/aliases/index.js';
import type { Logger } from '../../utils/logger.js';
import { cutText } from '../../utils/cutText.js';
import { createLru } from '../../utils/lru.js';
import type { Metrics } from '../../utils/metrics.js';
import type { BackPressure } from '../connection/index.js';
import { EVENT_PACKET, type EncodedPush } from '../encodedPush.js';
import type { ChatSocket, LegacyConnection } from '../types.js';
import { rateLimited } from '../../utils/appError.js';
import { SerialQueue } from '../../utils/serialQueue.js';
import { buildFields, matches, readValue } from './fields.js';
import type { CommandRule, LegacyMapping, PushRule, LegacyEventRule } from './mapping.js';
import { conversationIdsIn, mapConversationIds } from './legacyIds.js';

export interface LegacyClientDeps {
  mapping: LegacyMapping;
  aliases: AliasService;
  backPressure: BackPressure;
  metrics: Pick<Metrics, 'droppedPushes'>;
  logger: Logger;
  commandLimits: { readonly maxUnderWay: number };
}

/** Ids that one connection has used itself and is spoken to by. */
const MAX_REMEMBERED_IDS = 2_000;
/** Pushes that may wait until it is known by which id the client knows their conversation. */
const MAX_WAITING_PUSHES = 1_000;
const MAX_ECHO_CHARS = 200;
/** Retry delay for a client whose command queue is full, in ms. */
const RETRY_AFTER_MS = 1_000;

/** An event of an old client, as it came. */
interface ReceivedEvent {
  event: string;
  args: readonly unknown[];
  acknowledge: ((answer: unknown) => void) | undefined;
}

const packet = z.tuple([z.string(), z.object({ data: z.unknown() })]);

/** Parsed data of a push, shared by all legacy clients that receive it. */
const parsedPushes = new WeakMap<EncodedPush, unknown>();
function dataOf(push: EncodedPush): unknown {
  const known = parsedPushes.get(push);
  if (known !== undefined) return known;
  const [, { data }] = packet.parse(JSON.parse(push.text.slice(1)));
  parsedPushes.set(push, data);
  return data;
}

/**
 * A connection of a legacy client. Pushes and answers are sent with legacy event names and with the conversation ids
 * that the client uses. Pushes keep their order, even when an id has to be looked up.
 */
export class LegacyClient implements LegacyConnection {
  readonly #deps: LegacyClientDeps;
  readonly #socket: ChatSocket;
  /** By which id this very client calls a conversation. */
  readonly #usedIds = createLru<ConversationId, string>(MAX_REMEMBERED_IDS);
  readonly #commands = new SerialQueue();
  readonly #answers = new SerialQueue();
  #waiting: EncodedPush[] = [];
  #isFlushing = false;

  constructor(deps: LegacyClientDeps, socket: ChatSocket) {
    this.#deps = deps;
    this.#socket = socket;
  }

  /**
   * Runs a command after the earlier ones of this connection. Legacy clients do not wait for answers: they may send
   * twelve messages in a row, or create a group and send to it, and expect the order on the wire. Resolving
   * conversation ids needs the database, so concurrent commands would overtake each other.
   *
   * @throws AppError `RATE_LIMITED` when too many commands wait, and the errors of the command.
   */
  inOrder<T>(command: () => Promise<T>): Promise<T> {
    // Timed-out commands may still wait here, but no longer count as commands under way, so this queue has its own
    // limit.
    if (this.#commands.length >= this.#deps.commandLimits.maxUnderWay) {
      throw rateLimited('Too many commands of this connection are waiting.', RETRY_AFTER_MS);
    }
    return this.#commands.run(command);
  }

  /** The client calls a conversation so. */
  rememberId(conversationId: ConversationId, oldId: string): void {
    this.#usedIds.set(conversationId, oldId);
  }

  /** A push for this client, now or as soon as it is known how it calls the conversation. */
  send(push: EncodedPush): void {
    if (!this.#isFlushing && this.#trySend(push)) return;
    if (this.#waiting.length >= MAX_WAITING_PUSHES) {
      this.#deps.metrics.droppedPushes.inc({ event: push.event });
      return;
    }
    this.#waiting.push(push);
    if (!this.#isFlushing) void this.#flushWaiting();
  }

  /** Answers one of its events: by its acknowledgement, else under the names of the mapping. Answers keep their order. */
  answer(rule: CommandRule, call: ReceivedEvent, answer: Answer<unknown>): Promise<void> {
    return this.#answers.run(() => this.#answer(rule, call, answer));
  }

  async #answer(rule: CommandRule, call: ReceivedEvent, answer: Answer<unknown>): Promise<void> {
    const about = { event: call.event, request: echoOf(call.args[0]) };
    if (!answer.success) {
      this.#fail({ ...answer, ...about }, call.acknowledge);
      return;
    }
    const data = await this.#withLegacyIds(answer.data);
    const all = { ...(data as object), ...about };
    if (call.acknowledge !== undefined) {
      const fields = rule.answer?.fields === undefined ? data : buildFields(all, rule.answer.fields);
      call.acknowledge({ success: true, ...(fields as object) });
    } else if (rule.answer !== undefined) this.#emit(rule.answer, all);
  }

  /** Refuses an event that the mapping does not contain. */
  refuse(event: string, failure: Failure, acknowledge: ((answer: Failure) => void) | undefined): void {
    this.#fail({ ...failure, event: cutText(event, MAX_ECHO_CHARS), request: {} }, acknowledge);
  }

  #fail(
    failure: Failure & { event: string; request: unknown },
    acknowledge: ((answer: Failure) => void) | undefined,
  ): void {
    const { errors } = this.#deps.mapping;
    if (acknowledge === undefined) this.#emit(errors, failure);
    else acknowledge({ ...buildFields(failure, errors.fields ?? {}), ...failureFields(failure) });
  }

  async #flushWaiting(): Promise<void> {
    this.#isFlushing = true;
    while (this.#waiting.length > 0) {
      const [push] = this.#waiting;
      if (push === undefined) break;
      try {
        await this.#findIds(conversationIdsIn(dataOf(push)));
        this.#trySend(push);
      } catch (error) {
        // Live delivery is best effort: legacy clients load the history when they reconnect.
        this.#deps.metrics.droppedPushes.inc({ event: push.event });
        this.#deps.logger.debug({ err: error }, 'a push to a legacy client was dropped');
      }
      this.#waiting.shift();
    }
    this.#isFlushing = false;
  }

  /** @returns false when an id has to be looked up first. */
  #trySend(push: EncodedPush): boolean {
    const { mapping, backPressure, metrics } = this.#deps;
    const rules = mapping.pushes[push.event];
    if (rules === undefined && mapping.otherPushes === 'drop') return true;
    const data = dataOf(push);
    const rule = ruleFor(rules, data);
    if (rules !== undefined && rule === undefined) return true;
    const names = new Map<ConversationId, string>();
    for (const id of conversationIdsIn(data)) {
      const name = this.#knownId(id);
      if (name === undefined) return false;
      names.set(id, name);
    }
    if (!this.#socket.connected || !this.#mayReceive(push.event)) return true;
    if (!backPressure.mayWrite(this.#socket, push.priority)) {
      metrics.droppedPushes.inc({ event: push.event });
      return true;
    }
    const translated = mapConversationIds(data, (id) => names.get(id) ?? id);
    if (rule === undefined) this.#write(push.event, [{ success: true, data: translated }]);
    else this.#emit(rule, translated);
    return true;
  }

  /** Drops pushes that waited until the token expired, except the notice of the expiry itself. */
  #mayReceive(event: PushName): boolean {
    return this.#socket.data.live || event === 'auth:expired' || event === 'connection:ended';
  }

  #knownId(id: ConversationId): string | undefined {
    const { mapping, aliases } = this.#deps;
    const own = this.#usedIds.get(id);
    return own ?? aliases.cachedAliasFor(this.#socket.data.principal.userId, id, mapping.directIds);
  }

  async #findIds(ids: ReadonlySet<ConversationId>): Promise<Map<ConversationId, string>> {
    const { mapping, aliases } = this.#deps;
    const { userId } = this.#socket.data.principal;
    const names = await Promise.all(
      [...ids].map(
        async (id) =>
          [id, this.#usedIds.get(id) ?? (await aliases.aliasFor(userId, id, mapping.directIds))] as const,
      ),
    );
    return new Map(names);
  }

  async #withLegacyIds(data: unknown): Promise<unknown> {
    const names = await this.#findIds(conversationIdsIn(data));
    return mapConversationIds(data, (id) => names.get(id) ?? id);
  }

  #emit({ event, fields, arguments: list }: LegacyEventRule, data: unknown): void {
    if (fields !== undefined) this.#write(event, [buildFields(data, fields)]);
    else
      this.#write(
        event,
        (list ?? []).map((source) => readValue(data, source) ?? null),
      );
  }

  /** Writes a packet directly, because legacy events are not in the typed event map. */
  #write(event: string, args: readonly unknown[]): void {
    this.#socket.conn.write(EVENT_PACKET + JSON.stringify([event, ...args]), { compress: true });
  }
}

function ruleFor(rules: PushRule | PushRule[] | undefined, data: unknown): PushRule | undefined {
  return [rules ?? []].flat().find(({ when }) => when === undefined || matches(data, when));
}

const failureFields = ({ success, error, code }: Failure) => ({ success, error, code });

/** Fields of a client's request to echo in the answer; only short values. */
function echoOf(request: unknown): Record<string, unknown> {
  if (typeof request !== 'object' || request === null) return isShort(request) ? { value: request } : {};
  return Object.fromEntries(Object.entries(request).filter(([, value]) => isShort(value)));
}

const isShort = (value: unknown): boolean =>
  typeof value === 'string' ? value.length <= MAX_ECHO_CHARS : ['number', 'boolean'].includes(typeof value);
