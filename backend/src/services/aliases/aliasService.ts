import { LRUCache } from 'lru-cache';
import { conversationId as conversationIdSchema } from '../../../../contract/index.js';
import type { ConversationId, UserId } from '../../../../contract/index.js';
import { MAX_ALIAS_CHARS, type AliasModel, type AliasRecord } from '../../models/aliasModel.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import { AppError, conflict, notParticipant } from '../../utils/appError.js';
import { BatchLoader } from '../../utils/batchLoader.js';
import { importedMessageId } from '../../utils/importIds.js';
import { participantsKey } from '../../utils/participantsKey.js';
import type { Access } from '../access.js';
import { isPair } from '../sound.js';
import type { UserDirectory } from '../userDirectory.js';
import { directIdOf, partnersIn, type DirectIdForm } from './directIds.js';

interface AliasParts {
  aliases: AliasModel;
  conversations: Pick<ConversationModel, 'findKeys' | 'findByIds'>;
  messages: Pick<MessageModel, 'findByClientIds'>;
  users: Pick<UserDirectory, 'views' | 'find'>;
  access: Access;
}

/** What an old id means for a caller. */
export type Resolved =
  | { conversationId: ConversationId }
  /** The chat of two that it names is not there yet. */
  | { other: UserId };

/** Old ids and conversations kept in memory. */
const MAX_KNOWN = 50_000;
/** An import may give a conversation an old id at any time; until then it is known by another one, in ms. */
const NAMES_FOR_MS = 30_000;

/** Bidirectional text, line breaks and the like have no place in an id, nor has what no database can store. */
const isPlain = (text: string): boolean =>
  text.length > 0 && text.length <= MAX_ALIAS_CHARS && text.isWellFormed() && !/\p{Cc}/u.test(text);

/**
 * What conversation an old id means, and by which old id an old client knows a conversation (requirement E12). An id that
 * can be read in two ways is settled by what there is, or refused: it is never guessed.
 */
export class AliasService {
  readonly #parts: AliasParts;
  /** What an id means never changes once it means something. */
  readonly #known = new LRUCache<string, ConversationId>({ max: MAX_KNOWN });
  readonly #names = new LRUCache<ConversationId, { aliases: string[]; pair: UserId[] }>({
    max: MAX_KNOWN,
    ttl: NAMES_FOR_MS,
  });
  readonly #aliases: BatchLoader<string, AliasRecord>;
  readonly #aliasesOf: BatchLoader<ConversationId, AliasRecord>;
  readonly #conversations: BatchLoader<ConversationId, ConversationRecord>;

  constructor(parts: AliasParts) {
    this.#parts = parts;
    this.#aliases = new BatchLoader(
      (ids) => parts.aliases.findByAliases(ids),
      ({ alias }) => [alias],
    );
    this.#aliasesOf = new BatchLoader(
      (ids) => parts.aliases.findByConversations(ids),
      ({ conversationId }) => (conversationId === undefined ? [] : [conversationId]),
    );
    this.#conversations = new BatchLoader(
      (ids) => parts.conversations.findByIds(ids),
      ({ _id }) => [_id],
    );
  }

  /**
   * What an old id means for this caller: by its alias, or as `direct_<a>_<b>`, or because it is an id of this server.
   * Whether the caller is in that conversation is for the command to say.
   *
   * @throws AppError `NOT_PARTICIPANT` (nobody knows it, or it is about others), `VALIDATION` (nobody by that name),
   * `CONFLICT` (two ways to read it, and nothing there decides).
   */
  async resolve(caller: UserId, oldId: string, form: DirectIdForm): Promise<Resolved> {
    if (!isPlain(oldId)) throw unreadable('must be an id of a conversation');
    const conversationId = await this.#findMeaning(oldId);
    if (conversationId !== undefined) return { conversationId };
    const own = conversationIdSchema.safeParse(oldId);
    if (own.success) return { conversationId: own.data };
    const partners = partnersIn(oldId, caller, form);
    if (partners.length === 0) throw notParticipant();
    return this.#settle(caller, partners);
  }

  /**
   * The old id by which an old client of this user knows a conversation: an alias, else the form that the app made up
   * where it can be read in one way only, else the conversation's own id.
   */
  async nameFor(userId: UserId, id: ConversationId, form: DirectIdForm): Promise<string> {
    return this.knownName(userId, id, form) ?? (await this.#findName(userId, id, form));
  }

  /** The same as far as it is known, without waiting. */
  knownName(userId: UserId, id: ConversationId, form: DirectIdForm): string | undefined {
    const names = this.#names.get(id);
    return names && nameIn(names, { userId, id, form });
  }

  /**
   * Makes an old id the caller's, to be given to a group that they are about to make.
   *
   * @returns the conversation that has it already, with the caller in it; undefined when it is theirs to make.
   * @throws AppError `CONFLICT` (somebody else's).
   */
  async claim(caller: UserId, oldId: string): Promise<ConversationId | undefined> {
    if (!isPlain(oldId)) throw unreadable('must be an id of a conversation');
    const found = await this.#parts.aliases.claim(oldId, caller);
    if (found.conversationId === undefined) {
      if (found.claimedBy !== caller) throw taken();
      return undefined;
    }
    // That somebody else has it is all that a stranger learns.
    await this.#parts.access.requireMember(caller, found.conversationId).catch(() => {
      throw taken();
    });
    return found.conversationId;
  }

  /** A claimed id comes to mean the group that was made for it. */
  async settleClaim(caller: UserId, oldId: string, conversationId: ConversationId): Promise<void> {
    await this.#parts.aliases.settle(oldId, caller, conversationId);
    this.#names.delete(conversationId);
  }

  /**
   * The place of a message that was imported under this id of the older system.
   *
   * @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND`.
   */
  async placeOf(caller: UserId, id: ConversationId, oldMessageId: string): Promise<number> {
    const { membership } = await this.#parts.access.requireMember(caller, id);
    const sources = new Set((await this.#aliasesOf.load([id])).map(({ source }) => source));
    const names = [...sources].map((source) => importedMessageId(source, oldMessageId));
    const keys = [...membership.members.keys()].flatMap((senderId) =>
      names.map((clientMessageId) => ({ senderId, clientMessageId })),
    );
    const [found] = keys.length === 0 ? [] : await this.#parts.messages.findByClientIds(id, keys);
    if (found === undefined)
      throw new AppError('NOT_FOUND', 'There is no such message in this conversation.');
    return found.seq;
  }

  async #findMeaning(oldId: string): Promise<ConversationId | undefined> {
    const known = this.#known.get(oldId);
    if (known !== undefined) return known;
    const [found] = await this.#aliases.load([oldId]);
    if (found?.conversationId !== undefined) this.#known.set(oldId, found.conversationId);
    return found?.conversationId;
  }

  /** One existing partner is the one meant; of two, the one with whom there is a chat. */
  async #settle(caller: UserId, partners: readonly UserId[]): Promise<Resolved> {
    const keys = new Map(partners.map((other) => [participantsKey(caller, other), other]));
    const chats = (await this.#parts.conversations.findKeys([...keys.keys()])).filter(
      ({ participantsKey: key }) => key !== undefined,
    );
    const sound = chats.filter((chat) => isPair(chat, chat.participantsKey ?? ''));
    const [chat, another] = sound;
    if (chat !== undefined && another === undefined) return { conversationId: chat._id };
    const known = await Promise.all(partners.map((other) => this.#parts.users.find(other)));
    const existing = partners.filter((_, place) => known[place] !== undefined);
    const [other, second] = existing;
    if (second !== undefined || another !== undefined) throw ambiguous();
    if (other === undefined) throw unreadable('names no user that there is');
    return { other };
  }

  async #findName(userId: UserId, id: ConversationId, form: DirectIdForm): Promise<string> {
    const [aliases, [conversation]] = await Promise.all([
      this.#aliasesOf.load([id]),
      this.#conversations.load([id]),
    ]);
    const names = {
      aliases: aliases.map(({ alias }) => alias),
      pair: conversation?.type === 'direct' ? conversation.participants : [],
    };
    if (conversation !== undefined) this.#names.set(id, names);
    return nameIn(names, { userId, id, form });
  }
}

function nameIn(
  { aliases, pair }: { aliases: readonly string[]; pair: readonly UserId[] },
  { userId, id, form }: { userId: UserId; id: ConversationId; form: DirectIdForm },
): string {
  const other = pair.length === 2 ? pair.find((one) => one !== userId) : undefined;
  return aliases[0] ?? (other && directIdOf(userId, other, form)) ?? id;
}

const about = (rule: string) => ({ details: [{ path: 'conversationId', rule }] });
const unreadable = (rule: string): AppError =>
  new AppError('VALIDATION', 'This id names no conversation.', about(rule));
const ambiguous = (): AppError =>
  new AppError(
    'CONFLICT',
    'This id can be read as two chats.',
    about('can be cut into two users in more than one way'),
  );
const taken = (): AppError => conflict('This id of a conversation is taken.');
