import { LRUCache } from 'lru-cache';
import { LIMITS, type ConversationId, type UserId } from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord, ListPosition } from '../../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../../models/memberModel.js';
import { monotonicMs } from '../../utils/clock.js';
import { createDeferred, type Deferred } from '../../utils/deferred.js';
import type { Lookups } from '../runtime/index.js';
import type { RangeCounts } from '../visibility/index.js';
import { largeIdsOf, withChanges, type MemberDocuments } from './flaggedDocuments.js';
import { byChange, type ChangePosition } from './listOrder.js';

interface OverviewDeps {
  conversations: Pick<ConversationModel, 'findChanged' | 'findPage'>;
  members: Pick<MemberModel, 'findByUser' | 'findChanged'>;
  lookups: Pick<Lookups, 'largeGroups' | 'marked' | 'pinned' | 'conversations'>;
  /** Database time before which every write is visible to a reader. */
  safeNow: () => Promise<Date>;
  epoch: () => string;
}

/** A conversation that may have unread messages, and the user's own document in it. */
export interface UnreadCandidate {
  conversation: ConversationRecord;
  own: MemberRecord | undefined;
}

/** Stored documents of one user as of a time. */
interface Overview {
  epoch: string;
  /** Changes at this database time or later may be missing. */
  since: Date;
  loadedAtMs: number;
  /** The user's documents in large groups and channels, and in conversations that they pinned or marked as unread. */
  flagged: MemberDocuments;
  /** Undefined when they were not counted or are too many. */
  unread: readonly UnreadCandidate[] | undefined;
  /** True when a page of the list held all of the user's conversations. */
  isShort: boolean;
}

/** The user's flagged documents after the lists were read, and all of the user's documents that changed since the overview. */
export interface OwnDocuments {
  flagged: MemberDocuments;
  /** Undefined when too much has changed. */
  changed: readonly MemberRecord[] | undefined;
  /** The first page of changes after the position that the command asked for. */
  page: readonly MemberRecord[];
  /** Large groups and channels of the user, including those that may have become small while the lists were read. */
  largeIds: readonly ConversationId[];
}

/** Positions in a user's changes: those of conversations, and those of the user's own documents (`_id`: conversation). */
export interface ChangePositions {
  conversations: ChangePosition;
  settings: ChangePosition;
}

/** Documents held in memory over all users. */
const MAX_HELD = 200_000;
const MAX_UNREAD = 500;
/** An overview is read anew after this long, in ms: somebody may have edited the database by hand. */
const MAX_AGE_MS = 300_000;
const FIRST_ID = '0'.repeat(24);

/**
 * Keeps a few stored documents per user between commands: those that every list and every count of unread messages needs
 * and that rarely change. A command brings them up to date by reading what has changed for the user since, in one index
 * range each, as `sync` does. The answer is that of the database now.
 */
export class Overviews {
  readonly #kept = new LRUCache<UserId, Overview>({
    maxSize: MAX_HELD,
    sizeCalculation: ({ flagged, unread = [] }) => 1 + flagged.size + unread.length,
  });

  constructor(readonly deps: OverviewDeps) {}

  /**
   * Begins a command that reads conversations of a user, by one list or several at once.
   *
   * @param from positions after which the command itself asks for changes. They are then read once for both purposes.
   */
  of(userId: UserId, from?: ChangePositions): OverviewRead {
    const kept = this.#kept.get(userId);
    const isUsable = kept?.epoch === this.deps.epoch() && monotonicMs() - kept.loadedAtMs < MAX_AGE_MS;
    return this.#read(userId, isUsable ? kept : undefined, from);
  }

  /** As `of`, without what is kept. */
  fresh(userId: UserId): OverviewRead {
    return this.#read(userId, undefined);
  }

  #read(userId: UserId, kept: Overview | undefined, from?: ChangePositions): OverviewRead {
    return new OverviewRead(this.deps, userId, {
      kept,
      from,
      keep: (overview) => this.#kept.set(userId, overview),
    });
  }
}

interface ReadOptions {
  kept: Overview | undefined;
  from: ChangePositions | undefined;
  keep: (overview: Overview) => void;
}

/** One page of changes. */
interface Changes<Changed> {
  /** All changes since the overview; undefined when they are too many. */
  all: Changed[] | undefined;
  /** The first page of changes after the position that the command asked for. */
  page: Changed[];
}

/**
 * The documents of a user during one command.
 *
 * Large groups and channels hold no list of members, so they are found through the user's own documents. A group that
 * becomes large is marked as large before its list of members is removed. A group that becomes small gets its list
 * before the mark is removed. The own documents are therefore read after the lists, too: a group that changes meanwhile
 * was large before, or is large then, or has a changed document. Lists that are read at the same time share that query.
 */
export class OverviewRead {
  readonly #deps: OverviewDeps;
  readonly #userId: UserId;
  readonly #kept: Overview | undefined;
  readonly #keep: (overview: Overview) => void;
  readonly #from: ChangePositions | undefined;
  readonly #epoch: string;
  /** Taken first: the next command reads the changes from here on. */
  readonly #now: Promise<Date>;
  #before: Promise<MemberDocuments> | undefined;
  #after: Deferred<OwnDocuments> = createDeferred();
  #conversations: Promise<Changes<ConversationRecord>> | undefined;
  /** Number of lists that are being read. */
  #reading = 0;
  #isUpdating = false;
  /** Undefined when the list has more than one page. */
  #listed: Promise<readonly ConversationRecord[] | undefined> | undefined;
  /** Ranges counted for the total are not counted again for the list. */
  readonly rangeCounts: RangeCounts = new Map();

  constructor(deps: OverviewDeps, userId: UserId, { kept, from, keep }: ReadOptions) {
    this.#deps = deps;
    this.#userId = userId;
    this.#kept = kept;
    this.#keep = keep;
    this.#from = from;
    this.#epoch = deps.epoch();
    this.#now = deps.safeNow();
    this.#now.catch(() => undefined);
  }

  /** Candidates as of `since`; undefined when they are not known. */
  get unread(): readonly UnreadCandidate[] | undefined {
    return this.#kept?.unread;
  }

  /** Reads the flagged documents before the lists, unless they are kept or were read. */
  begin(): Promise<MemberDocuments> {
    this.#before ??= this.#kept === undefined ? this.#load() : Promise.resolve(this.#kept.flagged);
    return this.#before;
  }

  /**
   * Does not wait for the lists to read the own documents: for answers that the next one of the same kind completes.
   * No effect without an overview.
   */
  updateNow(): void {
    if (this.#kept !== undefined) this.#update();
  }

  /**
   * Runs a read that finds conversations by their list of members, and adds the large groups and channels.
   *
   * @param also returns further conversations to load together with the large ones.
   */
  async withLarge<Found>(
    read: () => Promise<Found>,
    also: (found: Found) => readonly ConversationId[] = () => [],
  ): Promise<{ found: Found; large: ConversationRecord[]; own: OwnDocuments }> {
    this.#reading += 1;
    const { promise: updated } = this.#after;
    const found = await this.#readList(read).finally(() => this.#endRead());
    const own = await updated;
    const ids = new Set([...own.largeIds, ...also(found)]);
    return { found, own, large: await this.#deps.lookups.conversations.load([...ids]) };
  }

  /** Reads the first page of the list. One that holds all conversations of the user also shows which have changed. */
  firstPage(limit: number, below: ListPosition): Promise<ConversationRecord[]> {
    const reading = this.#deps.conversations.findPage(this.#userId, limit, below);
    this.#listed = reading.then((found) => (found.length < limit ? found : undefined));
    this.#listed.catch(() => undefined);
    return reading;
  }

  /** Returns the changed conversations with a list of members. */
  conversationsChanged(): Promise<Changes<ConversationRecord>> {
    this.#conversations ??= this.#readConversationsChanged();
    return this.#conversations;
  }

  async #readConversationsChanged(): Promise<Changes<ConversationRecord>> {
    const listed = this.#kept?.isShort === true && this.#from === undefined ? await this.#listed : undefined;
    const since = this.#kept?.since;
    if (listed !== undefined && since !== undefined) {
      return { all: listed.filter(({ changedAt }) => changedAt >= since), page: [] };
    }
    const find = (after: ChangePosition): Promise<ConversationRecord[]> =>
      this.#deps.conversations.findChanged(this.#userId, LIMITS.syncPage, after);
    return this.#readChanges(find, {
      from: this.#from?.conversations,
      positionOf: (one) => one,
      isAllNeeded: this.unread !== undefined,
    });
  }

  /** Keeps the documents of this command for the next one. */
  async keep(own: OwnDocuments, unread: readonly UnreadCandidate[]): Promise<void> {
    this.#keep({
      epoch: this.#epoch,
      since: await this.#now,
      loadedAtMs: this.#kept?.loadedAtMs ?? monotonicMs(),
      flagged: own.flagged,
      unread: unread.length > MAX_UNREAD ? undefined : unread,
      isShort: this.#listed === undefined ? this.#kept?.isShort === true : (await this.#listed) !== undefined,
    });
  }

  async #readList<Found>(read: () => Promise<Found>): Promise<Found> {
    await this.begin();
    return read();
  }

  /** After the last of the lists, the own documents are read for all of them. */
  #endRead(): void {
    this.#reading -= 1;
    if (this.#reading > 0) return;
    this.#update();
    this.#after = createDeferred();
    this.#isUpdating = false;
  }

  #update(): void {
    if (this.#isUpdating) return;
    this.#isUpdating = true;
    // Lists that could not be read do not wait for it.
    this.#after.promise.catch(() => undefined);
    this.#after.resolve(this.#readOwn());
  }

  /** Reads the documents that changed since they were read before, or all flagged ones if those are too many. */
  async #readOwn(): Promise<OwnDocuments> {
    const { members } = this.#deps;
    const before = await this.begin();
    const find = ({ changedAt, _id: conversationId }: ChangePosition): Promise<MemberRecord[]> =>
      members.findChanged(this.#userId, LIMITS.syncPage, { changedAt, conversationId });
    const { all: changed, page } = await this.#readChanges(find, {
      from: this.#from?.settings,
      positionOf: ({ changedAt, conversationId: _id }) => ({ changedAt, _id }),
    });
    if (changed !== undefined) {
      return { flagged: withChanges(before, changed), changed, page, largeIds: largeIdsOf(before, changed) };
    }
    const wereLarge = largeIdsOf(before, []);
    const [flagged, current] = await Promise.all([this.#load(), members.findByUser(this.#userId, wereLarge)]);
    return { flagged, changed, page, largeIds: largeIdsOf(flagged, current) };
  }

  /** Reads from the earlier of two positions on: what follows the other one is part of it, unless there is too much. */
  async #readChanges<Changed>(
    find: (after: ChangePosition) => Promise<Changed[]>,
    {
      from,
      positionOf,
      isAllNeeded = true,
    }: {
      from: ChangePosition | undefined;
      positionOf: (one: Changed) => ChangePosition;
      isAllNeeded?: boolean;
    },
  ): Promise<Changes<Changed>> {
    const since = { changedAt: this.#kept?.since ?? (await this.#now), _id: FIRST_ID };
    const isComplete = (found: readonly Changed[]): boolean => found.length < LIMITS.syncPage;
    const after = (found: readonly Changed[], position: ChangePosition): Changed[] =>
      found.filter((one) => byChange(position, positionOf(one)) < 0);
    const isFromEarlier = from !== undefined && byChange(from, since) < 0;
    const found = await find(isFromEarlier ? from : since);
    if (isComplete(found))
      return { all: after(found, since), page: from === undefined ? [] : after(found, from) };
    if (!isFromEarlier) return { all: undefined, page: from === undefined ? [] : await find(from) };
    const recent = isAllNeeded ? await find(since) : found;
    return { all: isComplete(recent) ? recent : undefined, page: found };
  }

  async #load(): Promise<MemberDocuments> {
    const { lookups } = this.#deps;
    await this.#now;
    const found = await Promise.all([
      lookups.largeGroups.load([this.#userId]),
      lookups.marked.load([this.#userId]),
      lookups.pinned.load([this.#userId]),
    ]);
    return new Map(found.flat().map((one) => [one.conversationId, one]));
  }
}
