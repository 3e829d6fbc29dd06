import { conversationId as conversationIdSchema } from '../../../../contract/index.js';
import type { ConversationId, UserId } from '../../../../contract/index.js';
import { MAX_ALIAS_CHARS, type AliasModel, type AliasRecord } from '../../models/aliasModel.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import { AppError, conflict, notParticipant } from '../../utils/appError.js';
import { BatchLoader } from '../../utils/batchLoader.js';
import { importedMessageId } from '../../utils/importIds.js';
import { createLru } from '../../utils/lru.js';
import { participantsKey } from '../../utils/participantsKey.js';
import { type Access, isPair } from '../membership/index.js';
import type { UserDirectory } from '../users/index.js';
import { directIdOf, partnersIn, type DirectIdForm } from './directIds.js';

interface AliasDeps {
  aliases: AliasModel;
  conversations: Pick<ConversationModel, 'findKeys' | 'findByIds'>;
  messages: Pick<MessageModel, 'findByClientIds'>;
  users: Pick<UserDirectory, 'views' | 'find'>;
  access: Access;
}

/** Result of resolving an old id for a caller. */
export type Resolved =
  | { conversationId: ConversationId }
  /** The id names a direct conversation with this user that does not exist yet. */
  | { other: UserId };

/** Number of old ids, and of conversations, kept in memory. */
const MAX_CACHED = 50_000;
/** Time that the aliases of a conversation are cached, in ms: an import may add one at any time. */
const NAMES_TTL_MS = 30_000;

/** True for well-formed text without control characters, within the length limit. */
const isPlain = (text: string): boolean =>
  text.length > 0 && text.length <= MAX_ALIAS_CHARS && text.isWellFormed() && !/\p{Cc}/u.test(text);

/**
 * Maps old ids to conversations, and conversations to the ids that old clients use (requirement E12). An ambiguous id
 * is resolved by the conversations and users that exist, or refused.
 */
export class AliasService {
  readonly #deps: AliasDeps;
  /** Conversations by old id. An entry never changes once it exists. */
  readonly #conversationIds = createLru<string, ConversationId>(MAX_CACHED);
  /** Aliases and, for direct conversations, participants by conversation. */
  readonly #names = createLru<ConversationId, { aliases: string[]; pair: UserId[] }>(MAX_CACHED, {
    ttl: NAMES_TTL_MS,
  });
  readonly #aliases: BatchLoader<string, AliasRecord>;
  readonly #aliasesOf: BatchLoader<ConversationId, AliasRecord>;
  readonly #conversations: BatchLoader<ConversationId, ConversationRecord>;

  constructor(deps: AliasDeps) {
    this.#deps = deps;
    this.#aliases = new BatchLoader(
      (ids) => deps.aliases.findByAliases(ids),
      ({ alias }) => [alias],
    );
    this.#aliasesOf = new BatchLoader(
      (ids) => deps.aliases.findByConversations(ids),
      ({ conversationId }) => (conversationId === undefined ? [] : [conversationId]),
    );
    this.#conversations = new BatchLoader(
      (ids) => deps.conversations.findByIds(ids),
      ({ _id }) => [_id],
    );
  }

  /**
   * Resolves an old id for a caller: by alias, as an id of this server, or by the form `direct_<a>_<b>`. Does not check
   * that the caller is a member of the conversation.
   *
   * @throws AppError `NOT_PARTICIPANT` (unknown id, or one of other users), `VALIDATION` (names no existing user),
   * `CONFLICT` (ambiguous).
   */
  async resolve(caller: UserId, oldId: string, form: DirectIdForm): Promise<Resolved> {
    if (!isPlain(oldId)) throw invalidId('must be an id of a conversation');
    const conversationId = await this.#findConversation(oldId);
    if (conversationId !== undefined) return { conversationId };
    const parsed = conversationIdSchema.safeParse(oldId);
    if (parsed.success) return { conversationId: parsed.data };
    const partners = partnersIn(oldId, caller, form);
    if (partners.length === 0) throw notParticipant();
    return this.#choosePartner(caller, partners);
  }

  /**
   * Returns the id by which an old client of this user knows a conversation: its alias, else the form used by the old
   * app if it is unambiguous, else the conversation's own id.
   */
  async aliasFor(userId: UserId, id: ConversationId, form: DirectIdForm): Promise<string> {
    return this.cachedAliasFor(userId, id, form) ?? (await this.#loadAlias(userId, id, form));
  }

  /** Like `aliasFor`, but from the cache; undefined if it is not cached. */
  cachedAliasFor(userId: UserId, id: ConversationId, form: DirectIdForm): string | undefined {
    const names = this.#names.get(id);
    return names && selectAlias(names, { userId, id, form });
  }

  /**
   * Claims an old id for a group that the caller is about to create.
   *
   * @returns the conversation that already has this id, if the caller is a member; undefined if the caller may create
   * it.
   * @throws AppError `CONFLICT` (claimed by another user).
   */
  async claim(caller: UserId, oldId: string): Promise<ConversationId | undefined> {
    if (!isPlain(oldId)) throw invalidId('must be an id of a conversation');
    const found = await this.#deps.aliases.claim(oldId, caller);
    if (found.conversationId === undefined) {
      if (found.claimedBy !== caller) throw taken();
      return undefined;
    }
    // A caller who is not a member only learns that the id is taken.
    await this.#deps.access.requireMember(caller, found.conversationId).catch(() => {
      throw taken();
    });
    return found.conversationId;
  }

  /** Assigns a claimed id to the group that was created for it. */
  async completeClaim(caller: UserId, oldId: string, conversationId: ConversationId): Promise<void> {
    await this.#deps.aliases.assign(oldId, caller, conversationId);
    this.#names.delete(conversationId);
  }

  /**
   * Returns the `seq` of a message that was imported with this id of the old system.
   *
   * @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND`.
   */
  async seqOfImported(caller: UserId, id: ConversationId, oldMessageId: string): Promise<number> {
    const { membership } = await this.#deps.access.requireMember(caller, id);
    const sources = new Set((await this.#aliasesOf.load([id])).map(({ source }) => source));
    const names = [...sources].map((source) => importedMessageId(source, oldMessageId));
    const keys = [...membership.members.keys()].flatMap((senderId) =>
      names.map((clientMessageId) => ({ senderId, clientMessageId })),
    );
    const [found] = keys.length === 0 ? [] : await this.#deps.messages.findByClientIds(id, keys);
    if (found === undefined)
      throw new AppError('NOT_FOUND', 'There is no such message in this conversation.');
    return found.seq;
  }

  async #findConversation(oldId: string): Promise<ConversationId | undefined> {
    const known = this.#conversationIds.get(oldId);
    if (known !== undefined) return known;
    const [found] = await this.#aliases.load([oldId]);
    if (found?.conversationId !== undefined) this.#conversationIds.set(oldId, found.conversationId);
    return found?.conversationId;
  }

  /** Chooses the partner with whom a conversation exists, else the only partner who exists as a user. */
  async #choosePartner(caller: UserId, partners: readonly UserId[]): Promise<Resolved> {
    const keys = new Map(partners.map((other) => [participantsKey(caller, other), other]));
    const chats = (await this.#deps.conversations.findKeys([...keys.keys()])).filter(
      ({ participantsKey: key }) => key !== undefined,
    );
    const valid = chats.filter((chat) => isPair(chat, chat.participantsKey ?? ''));
    const [chat, another] = valid;
    if (chat !== undefined && another === undefined) return { conversationId: chat._id };
    const known = await Promise.all(partners.map((other) => this.#deps.users.find(other)));
    const existing = partners.filter((_, index) => known[index] !== undefined);
    const [other, second] = existing;
    if (second !== undefined || another !== undefined) throw ambiguous();
    if (other === undefined) throw invalidId('names no existing user');
    return { other };
  }

  async #loadAlias(userId: UserId, id: ConversationId, form: DirectIdForm): Promise<string> {
    const [aliases, [conversation]] = await Promise.all([
      this.#aliasesOf.load([id]),
      this.#conversations.load([id]),
    ]);
    const names = {
      aliases: aliases.map(({ alias }) => alias),
      pair: conversation?.type === 'direct' ? conversation.participants : [],
    };
    if (conversation !== undefined) this.#names.set(id, names);
    return selectAlias(names, { userId, id, form });
  }
}

function selectAlias(
  { aliases, pair }: { aliases: readonly string[]; pair: readonly UserId[] },
  { userId, id, form }: { userId: UserId; id: ConversationId; form: DirectIdForm },
): string {
  const other = pair.length === 2 ? pair.find((one) => one !== userId) : undefined;
  return aliases[0] ?? (other && directIdOf(userId, other, form)) ?? id;
}

const about = (rule: string) => ({ details: [{ path: 'conversationId', rule }] });
const invalidId = (rule: string): AppError =>
  new AppError('VALIDATION', 'This is not a valid conversation id.', about(rule));
const ambiguous = (): AppError =>
  new AppError(
    'CONFLICT',
    'This conversation id is ambiguous.',
    about('can be split into two users in more than one way'),
  );
const taken = (): AppError => conflict('This conversation id is taken.');
