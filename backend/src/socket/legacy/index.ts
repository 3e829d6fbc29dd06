import { v4 as uuid, v5 as uuidOf, validate as isUuid } from 'uuid';
import {
  COMMAND_NAMES,
  messageId as messageIdSchema,
  type Answer,
  type CommandData,
  type CommandName,
  type ConversationId,
  type UserId,
} from '../../../../contract/index.js';
import type { RateLimits } from '../../pipeline/rateLimits.js';
import type { AliasService } from '../../services/aliases/aliasService.js';
import { AppError, notParticipant } from '../../utils/appError.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { BackPressure } from '../backPressure.js';
import type { ChatSocket } from '../types.js';
import { readArgument } from './fields.js';
import type { CommandRule, LegacyMapping } from './mapping.js';
import { OldClient } from './oldClient.js';

export interface LegacyParts {
  mapping: LegacyMapping;
  aliases: AliasService;
  rateLimits: RateLimits;
  backPressure: BackPressure;
  metrics: Pick<Metrics, 'legacyEvents' | 'legacyConnections' | 'droppedPushes'>;
  logger: Logger;
}

/** Runs a command as if the client had sent it: the same schema, the same handler. */
export type RunCommand = <Name extends CommandName>(
  name: Name,
  payload: unknown,
) => Promise<CommandData<Name>>;

/** An old event as a call of a command. */
export interface OldCall {
  command: CommandName;
  /** Instead of the command with the payload as it came. */
  through: (run: RunCommand) => Promise<unknown>;
  acknowledge: (answer: Answer<unknown>) => void;
}

/** Names ids that are derived from what old clients say; any fixed UUID would do, but never another one. */
const NAMESPACE = '6f0d0f0e-3a0c-5a53-9d0d-0b6f2f5d1c5e';
/** Versions that are logged, each once: who made one up per connection would fill the log. */
const MAX_VERSIONS = 50;
const MAX_VERSION_CHARS = 100;

/**
 * Old clients beside new ones (requirement E12): their events become commands of the one table and pass the same gate,
 * limits, schemas and services; what is pushed to them is put into old names. Nothing of it exists unless
 * `LEGACY_EVENTS` is on.
 */
export class Legacy {
  readonly #parts: LegacyParts;
  readonly #rules: ReadonlyMap<string, CommandRule>;
  readonly #versions = new Set<string>();

  constructor(parts: LegacyParts) {
    this.#parts = parts;
    this.#rules = new Map(Object.entries(parts.mapping.commands));
  }

  /** Looks at a connection that is let in: whether it is known to be an old client already. */
  admit(socket: ChatSocket): void {
    const { recognise } = this.#parts.mapping;
    const { query, auth } = socket.handshake;
    const isOldToken = recognise.oldToken && typeof auth['token'] !== 'string';
    const marks = Object.entries(recognise.query ?? {});
    const isMarked = marks.length > 0 && marks.every(([name, value]) => query[name] === value);
    if (isOldToken || isMarked) this.#begin(socket);
  }

  /** The command that an event of this connection means, if it is an old one. A new name on a new client stays new. */
  callOf(socket: ChatSocket, event: unknown, args: readonly unknown[]): OldCall | undefined {
    if (typeof event !== 'string') return undefined;
    const rule = this.#rules.get(event);
    if (rule === undefined) return undefined;
    const isNewName = COMMAND_NAMES.some((name) => name === event);
    if (socket.data.old === undefined && isNewName) return undefined;
    const client = socket.data.old ?? this.#begin(socket);
    this.#parts.metrics.legacyEvents.inc({ event });
    const last = args.at(-1);
    const acknowledge = typeof last === 'function' ? (last as (answer: unknown) => void) : undefined;
    const given = acknowledge === undefined ? args : args.slice(0, -1);
    return {
      command: rule.command,
      through: (run) => this.#run({ socket, client, rule }, given, run),
      acknowledge: (answer) => {
        client.answer(rule, { event, args: given, acknowledge }, answer).catch((error: unknown) => {
          this.#parts.logger.warn({ err: error, event }, 'an old client could not be answered');
        });
      },
    };
  }

  async #run(
    caller: { socket: ChatSocket; client: OldClient; rule: CommandRule },
    args: readonly unknown[],
    run: RunCommand,
  ): Promise<unknown> {
    const { rule, socket } = caller;
    const payload = payloadOf(rule, args);
    if ('clientMessageId' in rule.payload) payload['clientMessageId'] = this.#messageId(socket, payload);
    if (rule.command === 'createGroup') return this.#createGroup(caller, payload, run);
    if (!('conversationId' in rule.payload)) return run(rule.command, payload);
    const oldId = payload['conversationId'];
    if (typeof oldId !== 'string') return run(rule.command, payload);
    const conversationId = await this.#conversationOf(caller, oldId, run);
    if (conversationId === undefined) return emptyAnswer(oldId);
    caller.client.learn(conversationId, oldId);
    if ('upTo' in rule.payload) await this.#setPlace(socket, { ...{ payload, conversationId } });
    return run(rule.command, { ...payload, conversationId });
  }

  /** @returns undefined when the chat of two is not there and the event is answered as empty. */
  async #conversationOf(
    { socket, rule }: { socket: ChatSocket; rule: CommandRule },
    oldId: string,
    run: RunCommand,
  ): Promise<ConversationId | undefined> {
    const { aliases, mapping, rateLimits } = this.#parts;
    const { userId } = socket.data.principal;
    const meant = await aliases.resolve(userId, oldId, mapping.directIds);
    if ('conversationId' in meant) return meant.conversationId;
    if (rule.ifAbsent === 'empty') return undefined;
    if (rule.ifAbsent === 'refuse') throw notParticipant();
    await rateLimits.consume('open', userId);
    const { conversation } = await run('getOrCreateDirect', { otherUserId: meant.other });
    return conversation._id;
  }

  /** The id that the client made up becomes the group's alias; the same creation again, by anybody in it, finds it. */
  async #createGroup(
    { socket, client }: { socket: ChatSocket; client: OldClient },
    { clientConversationId: oldId, ...payload }: Record<string, unknown>,
    run: RunCommand,
  ): Promise<unknown> {
    const { userId } = socket.data.principal;
    if (oldId === undefined) return run('createGroup', payload);
    const { aliases, mapping } = this.#parts;
    if (typeof oldId !== 'string' || !oldId.startsWith(mapping.groupIds.prefix)) {
      const rule = `must begin with ${mapping.groupIds.prefix}`;
      throw new AppError('VALIDATION', 'This is no id of a group.', {
        details: [{ path: 'clientConversationId', rule }],
      });
    }
    const existing = await aliases.claim(userId, oldId);
    if (existing !== undefined) {
      client.learn(existing, oldId);
      return { ...(await run('getConversation', { conversationId: existing })), created: false };
    }
    const clientConversationId = uuidOf(`${userId}\u0000${oldId}`, NAMESPACE);
    const made = await run('createGroup', { ...payload, clientConversationId });
    await aliases.settleClaim(userId, oldId, made.conversation._id);
    client.learn(made.conversation._id, oldId);
    return made;
  }

  /** A UUID stays what it is, so that a retry by the new client is the same message; without any id nothing is one. */
  #messageId({ id, data }: ChatSocket, { clientMessageId: oldId }: Record<string, unknown>): unknown {
    if (oldId === undefined) return uuid();
    if (typeof oldId === 'string' && isUuid(oldId)) return oldId.toLowerCase();
    if (typeof oldId !== 'string' && typeof oldId !== 'number') return oldId;
    const scope = this.#parts.mapping.tempIds === 'perConnection' ? `${id}\u0000` : '';
    return uuidOf(`${scope}${data.principal.userId}\u0000${oldId}`, NAMESPACE);
  }

  /** A message of this server, a place, an imported message, or, where nothing is named, the end. */
  async #setPlace(
    { data }: ChatSocket,
    { payload, conversationId }: { payload: Record<string, unknown>; conversationId: ConversationId },
  ): Promise<void> {
    const upTo = payload['upTo'];
    delete payload['upTo'];
    const ours = messageIdSchema.safeParse(upTo);
    if (upTo === undefined) payload['seq'] = Number.MAX_SAFE_INTEGER;
    else if (typeof upTo !== 'string') payload['seq'] = upTo;
    else if (ours.success) payload['messageId'] = ours.data;
    else payload['seq'] = await this.#importedPlace(data.principal.userId, conversationId, upTo);
  }

  #importedPlace(userId: UserId, conversationId: ConversationId, oldMessageId: string): Promise<number> {
    return this.#parts.aliases.placeOf(userId, conversationId, oldMessageId);
  }

  #begin(socket: ChatSocket): OldClient {
    const { metrics } = this.#parts;
    const client = new OldClient(this.#parts, socket);
    socket.data.old = client;
    metrics.legacyConnections.inc();
    socket.once('disconnect', () => metrics.legacyConnections.dec());
    this.#logVersion(socket);
    return client;
  }

  #logVersion({ handshake }: ChatSocket): void {
    const { query, header } = this.#parts.mapping.version;
    const said = [query && handshake.query[query], header && handshake.headers[header.toLowerCase()]];
    const version = said.find((one) => typeof one === 'string')?.slice(0, MAX_VERSION_CHARS) ?? 'unknown';
    if (this.#versions.has(version) || this.#versions.size >= MAX_VERSIONS) return;
    this.#versions.add(version);
    this.#parts.logger.info({ version }, 'an old client of this version has connected');
  }
}

function payloadOf({ payload }: CommandRule, args: readonly unknown[]): Record<string, unknown> {
  const fields = Object.entries(payload).map(([name, source]) => [name, readArgument(args, source)] as const);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

/** Of a chat that is not there yet. */
const emptyAnswer = (oldId: string) => ({
  ...{ conversationId: oldId, messages: [], lastSeq: 0, hasMore: false },
});
