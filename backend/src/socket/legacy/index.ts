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
import type { AliasService } from '../../services/aliases/index.js';
import { AppError, notParticipant } from '../../utils/appError.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { ThrottledLog } from '../../utils/throttledLog.js';
import type { BackPressure } from '../connection/index.js';
import type { ChatSocket } from '../types.js';
import { readArgument } from './fields.js';
import type { CommandRule, LegacyMapping } from './mapping.js';
import { LegacyClient, type LegacyClientDeps } from './legacyClient.js';

export interface LegacyDeps {
  mapping: LegacyMapping;
  aliases: AliasService;
  rateLimits: RateLimits;
  backPressure: BackPressure;
  commandLimits: LegacyClientDeps['commandLimits'];
  metrics: Pick<Metrics, 'legacyEvents' | 'legacyConnections' | 'droppedPushes'>;
  logger: Logger;
  log: ThrottledLog;
}

/** Runs a command with the schema and handler that the command itself has. */
export type RunCommand = <Name extends CommandName>(
  name: Name,
  payload: unknown,
) => Promise<CommandData<Name>>;

/** An old event as a call of a command. */
export interface TranslatedCommand {
  command: CommandName;
  /** Instead of the command with the payload as it came. */
  runWith: (run: RunCommand) => Promise<unknown>;
  acknowledge: (answer: Answer<unknown>) => void;
}

/** Namespace of UUIDs derived from legacy ids. It must never change: repeated sends are recognised by these ids. */
const NAMESPACE = '6f0d0f0e-3a0c-5a53-9d0d-0b6f2f5d1c5e';
/** Maximum logged versions, each once, because a client can send any number of them. */
const MAX_VERSIONS = 50;
const MAX_VERSION_CHARS = 100;

/**
 * Serves legacy clients beside current ones (requirement E12). Their events are translated to commands, which pass the
 * same guard, limits, schemas and services. Pushes to them are translated to legacy events. Created only when
 * `LEGACY_EVENTS` is on.
 */
export class Legacy {
  readonly #deps: LegacyDeps;
  readonly #rules: ReadonlyMap<string, CommandRule>;
  readonly #versions = new Set<string>();
  readonly #clients = new WeakMap<ChatSocket, LegacyClient>();

  constructor(deps: LegacyDeps) {
    this.#deps = deps;
    this.#rules = new Map(Object.entries(deps.mapping.commands));
  }

  /** Looks at a connection that is let in: whether it is known to be an old client already. */
  recognise(socket: ChatSocket): void {
    const { recognise } = this.#deps.mapping;
    const { query, auth } = socket.handshake;
    const hasLegacyToken = recognise.oldToken && typeof auth['token'] !== 'string';
    const marks = Object.entries(recognise.query ?? {});
    const hasLegacyQuery = marks.length > 0 && marks.every(([name, value]) => query[name] === value);
    if (hasLegacyToken || hasLegacyQuery) this.#startLegacy(socket);
  }

  /** The command that an event of this connection means, if it is an old one. A new name on a new client stays new. */
  translate(socket: ChatSocket, event: unknown, args: readonly unknown[]): TranslatedCommand | undefined {
    if (typeof event !== 'string') return undefined;
    const rule = this.#rules.get(event);
    if (rule === undefined) return undefined;
    const isCommandName = COMMAND_NAMES.some((name) => name === event);
    if (socket.data.legacy === undefined && isCommandName) return undefined;
    const client = this.#clients.get(socket) ?? this.#startLegacy(socket);
    this.#deps.metrics.legacyEvents.inc({ event });
    const last = args.at(-1);
    const acknowledge = typeof last === 'function' ? (last as (answer: unknown) => void) : undefined;
    const given = acknowledge === undefined ? args : args.slice(0, -1);
    return {
      command: rule.command,
      runWith: (run) => this.#run({ socket, client, rule }, given, run),
      acknowledge: (answer) => {
        client.answer(rule, { event, args: given, acknowledge }, answer).catch((error: unknown) => {
          this.#deps.log.warn(event, { err: error, event }, 'a legacy client could not be answered');
        });
      },
    };
  }

  async #run(
    caller: { socket: ChatSocket; client: LegacyClient; rule: CommandRule },
    args: readonly unknown[],
    run: RunCommand,
  ): Promise<unknown> {
    const { rule, socket } = caller;
    const payload = payloadOf(rule, args);
    if ('clientMessageId' in rule.payload) payload['clientMessageId'] = this.#messageId(socket, payload);
    if (rule.command === 'createGroup') return this.#createGroup(caller, payload, run);
    if (!('conversationId' in rule.payload)) return run(rule.command, payload);
    const legacyId = payload['conversationId'];
    if (typeof legacyId !== 'string') return run(rule.command, payload);
    const conversationId = await this.#conversationOf(caller, legacyId, run);
    if (conversationId === undefined) return emptyAnswer(legacyId);
    caller.client.rememberId(conversationId, legacyId);
    if ('upTo' in rule.payload) await this.#setPosition(socket, { ...{ payload, conversationId } });
    return run(rule.command, { ...payload, conversationId });
  }

  /** Returns undefined when the direct conversation does not exist and the rule answers such events as empty. */
  async #conversationOf(
    { socket, rule }: { socket: ChatSocket; rule: CommandRule },
    legacyId: string,
    run: RunCommand,
  ): Promise<ConversationId | undefined> {
    const { aliases, mapping, rateLimits } = this.#deps;
    const { userId } = socket.data.principal;
    const target = await aliases.resolve(userId, legacyId, mapping.directIds);
    if ('conversationId' in target) return target.conversationId;
    if (rule.ifAbsent === 'empty') return undefined;
    if (rule.ifAbsent === 'refuse') throw notParticipant();
    await rateLimits.consume('open', userId);
    const { conversation } = await run('getOrCreateDirect', { otherUserId: target.other });
    return conversation._id;
  }

  /**
   * Creates a group and stores the client's own id as its alias. A repeated creation by any member finds the group by
   * it.
   */
  async #createGroup(
    { socket, client }: { socket: ChatSocket; client: LegacyClient },
    { clientConversationId: legacyId, ...payload }: Record<string, unknown>,
    run: RunCommand,
  ): Promise<unknown> {
    const { userId } = socket.data.principal;
    if (legacyId === undefined) return run('createGroup', payload);
    const { aliases, mapping } = this.#deps;
    if (typeof legacyId !== 'string' || !legacyId.startsWith(mapping.groupIds.prefix)) {
      const rule = `must begin with ${mapping.groupIds.prefix}`;
      throw new AppError('VALIDATION', 'This is not the id of a group.', {
        details: [{ path: 'clientConversationId', rule }],
      });
    }
    const existing = await aliases.claim(userId, legacyId);
    if (existing !== undefined) {
      client.rememberId(existing, legacyId);
      return { ...(await run('getConversation', { conversationId: existing })), created: false };
    }
    const clientConversationId = uuidOf(`${userId}\u0000${legacyId}`, NAMESPACE);
    const created = await run('createGroup', { ...payload, clientConversationId });
    await aliases.completeClaim(userId, legacyId, created.conversation._id);
    client.rememberId(created.conversation._id, legacyId);
    return created;
  }

  /**
   * Derives the `clientMessageId`. A UUID is kept, so that a retry by an updated client is the same message. Without an
   * id, every send is a new message.
   */
  #messageId({ id, data }: ChatSocket, { clientMessageId: legacyId }: Record<string, unknown>): unknown {
    if (legacyId === undefined) return uuid();
    if (typeof legacyId === 'string' && isUuid(legacyId)) return legacyId.toLowerCase();
    if (typeof legacyId !== 'string' && typeof legacyId !== 'number') return legacyId;
    const scope = this.#deps.mapping.tempIds === 'perConnection' ? `${id}\u0000` : '';
    return uuidOf(`${scope}${data.principal.userId}\u0000${legacyId}`, NAMESPACE);
  }

  /** A message of this server, a place, an imported message, or, where nothing is named, the end. */
  async #setPosition(
    { data }: ChatSocket,
    { payload, conversationId }: { payload: Record<string, unknown>; conversationId: ConversationId },
  ): Promise<void> {
    const upTo = payload['upTo'];
    delete payload['upTo'];
    const messageId = messageIdSchema.safeParse(upTo);
    if (upTo === undefined) payload['seq'] = Number.MAX_SAFE_INTEGER;
    else if (typeof upTo !== 'string') payload['seq'] = upTo;
    else if (messageId.success) payload['messageId'] = messageId.data;
    else payload['seq'] = await this.#importedSeq(data.principal.userId, conversationId, upTo);
  }

  #importedSeq(userId: UserId, conversationId: ConversationId, oldMessageId: string): Promise<number> {
    return this.#deps.aliases.seqOfImported(userId, conversationId, oldMessageId);
  }

  #startLegacy(socket: ChatSocket): LegacyClient {
    const { metrics } = this.#deps;
    const client = new LegacyClient(this.#deps, socket);
    socket.data.legacy = client;
    this.#clients.set(socket, client);
    metrics.legacyConnections.inc();
    socket.once('disconnect', () => metrics.legacyConnections.dec());
    this.#logVersion(socket);
    return client;
  }

  #logVersion({ handshake }: ChatSocket): void {
    const { query, header } = this.#deps.mapping.version;
    const candidates = [query && handshake.query[query], header && handshake.headers[header.toLowerCase()]];
    const version =
      candidates.find((one) => typeof one === 'string')?.slice(0, MAX_VERSION_CHARS) ?? 'unknown';
    if (this.#versions.has(version) || this.#versions.size >= MAX_VERSIONS) return;
    this.#versions.add(version);
    this.#deps.logger.info({ version }, 'a legacy client of this version has connected');
  }
}

function payloadOf({ payload }: CommandRule, args: readonly unknown[]): Record<string, unknown> {
  const fields = Object.entries(payload).map(([name, source]) => [name, readArgument(args, source)] as const);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

/** Answer for a direct conversation that does not exist yet. */
const emptyAnswer = (legacyId: string) => ({
  conversationId: legacyId,
  messages: [],
  lastSeq: 0,
  hasMore: false,
});
