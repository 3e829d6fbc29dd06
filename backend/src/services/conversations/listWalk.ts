import { z } from 'zod';
import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord, ListPosition } from '../../models/conversationModel.js';
import type { OverviewRead, Overviews, OwnDocuments } from './overview.js';
import { timeMs } from '../../utils/cursors.js';
import type { Summaries } from '../derived/index.js';
import { byChange, isBelow, newestFirst, positionOf } from './listOrder.js';
import type { MembershipWriter } from '../membership/index.js';

interface WalkDeps {
  conversations: Pick<ConversationModel, 'findPage' | 'findGroupPage' | 'findChanged'>;
  overviews: Pick<Overviews, 'of'>;
  summaries: Pick<Summaries, 'overlay' | 'owedTo'>;
  membershipWriter: Pick<MembershipWriter, 'owedTo'>;
}

/**
 * Position in a walk through a user's conversations. In stage `recent` they are sorted by newest message. Stage
 * `changed` follows where several processes share the database: conversations that changed during the walk, sorted by
 * time of change.
 */
export interface WalkPosition {
  stage: 'recent' | 'changed';
  atMs: number;
  _id: ConversationId;
  /** Set when several processes share the database. */
  shared: SharedWalk | undefined;
}

/** State of a walk when other processes may hold changes that this process cannot see yet. */
export interface SharedWalk {
  /** Conversations changed at or after this database time (ms) are read at the end of the walk. */
  sinceMs: number;
  /** Last digits of the ids of conversations that were returned before and will occur again at the end. */
  returnedIds: readonly string[];
}

/** Hex digits of an id that identify it among the few conversations that changed during a walk. */
const ID_SUFFIX_CHARS = 12;
/** Ids that a cursor remembers. Conversations beyond may be returned a second time. */
const MAX_RETURNED_IDS = 16;
/** Schema of a `SharedWalk` inside a cursor. */
export const sharedWalk = z
  .tuple([timeMs, z.array(z.string().length(ID_SUFFIX_CHARS)).max(MAX_RETURNED_IDS)])
  .transform(([sinceMs, returnedIds]): SharedWalk => ({ sinceMs, returnedIds }));
export const toSharedTuple = ({ sinceMs, returnedIds }: SharedWalk): unknown => [sinceMs, returnedIds];

export interface WalkRequest {
  caller: UserId;
  limit: number;
  position: WalkPosition;
  onlyGroups?: boolean;
  /** The caller's documents during this command, if other lists are read at the same time. */
  overview?: OverviewRead | undefined;
}

/** A conversation and its position in the walk. */
export interface WalkItem {
  record: ConversationRecord;
  position: WalkPosition;
}

export interface WalkPage {
  found: readonly WalkItem[];
  /** Undefined on the last page. */
  next: WalkPosition | undefined;
  /** The caller's own documents after the page was read. */
  own: OwnDocuments;
}

/** Position before every conversation: later than every message. */
const FIRST_POSITION = { atMs: Date.UTC(9999, 0, 1), _id: 'f'.repeat(24) as ConversationId };
const LOWEST_ID = '0'.repeat(24) as ConversationId;

/** @param since time from which other processes may hold unwritten changes; undefined without other processes. */
export const walkFromTop = (since: Date | undefined): WalkPosition => ({
  stage: 'recent',
  ...FIRST_POSITION,
  shared: since && { sinceMs: since.getTime(), returnedIds: [] },
});

/**
 * Walks through a user's conversations by newest message, page by page.
 *
 * The order includes messages that this process has committed but not yet written to the summaries. It therefore does
 * not change when summaries are written between two pages. A walk returns every conversation that existed when it
 * began. A conversation that gets a message during the walk may be skipped; `sync` returns it.
 *
 * Conversations with changes that other processes have not written yet are returned at their old position, or at the
 * end of the walk. The end of the walk reads everything that changed since the walk began. A conversation is returned
 * there again if it has changed since it was returned.
 */
export class ListWalk {
  readonly #deps: WalkDeps;

  constructor(deps: WalkDeps) {
    this.#deps = deps;
  }

  page(request: WalkRequest): Promise<WalkPage> {
    return request.position.stage === 'recent' ? this.#recent(request) : this.#changed(request);
  }

  async #recent(request: WalkRequest): Promise<WalkPage> {
    const { caller, limit, position, onlyGroups = false } = request;
    const below = toPosition(position);
    const { conversations, summaries } = this.#deps;
    const overview = request.overview ?? this.#deps.overviews.of(caller);
    const isFirst = position.atMs === FIRST_POSITION.atMs && position._id === FIRST_POSITION._id;
    const findPage = () =>
      isFirst ? overview.firstPage(limit + 1, below) : conversations.findPage(caller, limit + 1, below);
    // Read first: writes that finish after this line are visible to the reads below.
    const unwritten = summaries.owedTo(caller);
    const unwrittenBelow = unwritten.filter((one) => isBelow(one, below)).sort(newestFirst);
    const { found, others, own } = await this.#read(
      { ...request, overview },
      () => (onlyGroups ? conversations.findGroupPage(caller, limit + 1, below) : findPage()),
      unwrittenBelow.slice(0, limit + 1),
    );
    // Both reads are complete down to the higher of their last positions. Candidates below it wait for the next page.
    const floor = higherOf(found[limit], unwrittenBelow[limit]);
    const isShared = position.shared !== undefined;
    const candidates = [
      ...found.flatMap((stored) => this.#positioned(stored, { below, isShared })),
      ...others
        .filter(({ type }) => !onlyGroups || type !== 'direct')
        .map((record) => ({ record, at: positionOf(record) }))
        .filter(({ at }) => isBelow(at, below)),
    ]
      .filter(({ at }) => floor === undefined || !isBelow(at, floor))
      .sort((a, b) => newestFirst(a.at, b.at));
    const shown = withPositions(
      position,
      candidates.slice(0, limit),
      new Set(unwritten.map(({ _id }) => _id)),
    );
    const end = shown.at(-1)?.position ?? position;
    if (candidates.length > limit) return { found: shown, next: end, own };
    return { found: shown, own, next: floor === undefined ? startOfChanges(end) : withPosition(end, floor) };
  }

  /**
   * Returns a stored conversation with its position, if it belongs on this page. A conversation with an unwritten
   * message above this page was returned before. If other processes serve pages of the same walk that is not certain,
   * so it is returned at its stored position.
   */
  #positioned(
    stored: ConversationRecord,
    { below, isShared }: { below: ListPosition; isShared: boolean },
  ): { record: ConversationRecord; at: ListPosition }[] {
    const record = this.#deps.summaries.overlay(stored);
    const at = positionOf(record);
    if (isBelow(at, below)) return [{ record, at }];
    return isShared ? [{ record, at: positionOf(stored) }] : [];
  }

  /**
   * Returns a page of the conversations that changed since the walk began. Reads one index range, and all large groups
   * and channels.
   */
  async #changed(request: WalkRequest): Promise<WalkPage> {
    const { caller, limit, position, onlyGroups = false } = request;
    const after = { changedAt: new Date(position.atMs), _id: position._id };
    const { found, others, own } = await this.#read(request, () =>
      this.#deps.conversations.findChanged(caller, limit, after),
    );
    const later = others.filter((one) => byChange(after, one) < 0);
    const page = [...found, ...later].sort(byChange).slice(0, limit);
    const walked = page.map((record) => ({
      record: this.#deps.summaries.overlay(record),
      position: { ...position, atMs: record.changedAt.getTime(), _id: record._id },
    }));
    const returned = new Set(position.shared?.returnedIds);
    return {
      own,
      found: walked.filter(
        ({ record }) => !returned.has(idSuffix(record._id)) && (!onlyGroups || record.type !== 'direct'),
      ),
      next: page.length < limit ? undefined : walked.at(-1)?.position,
    };
  }

  /**
   * Reads a page of stored conversations. `others` are conversations that this read may miss: large groups and
   * channels, and those whose changes this process has not written yet.
   */
  async #read(
    { caller, overview = this.#deps.overviews.of(caller) }: WalkRequest,
    read: () => Promise<ConversationRecord[]>,
    unwritten: readonly ListPosition[] = [],
  ): Promise<{ found: ConversationRecord[]; others: ConversationRecord[]; own: OwnDocuments }> {
    const { summaries, membershipWriter } = this.#deps;
    const unwrittenIds = [...unwritten.map(({ _id }) => _id), ...membershipWriter.owedTo(caller)];
    const listed = new Set<ConversationId>();
    const {
      found,
      own,
      large: besides,
    } = await overview.withLarge(read, (page) => {
      for (const { _id } of page) listed.add(_id);
      return unwrittenIds.filter((id) => !listed.has(id));
    });
    const others = besides
      .filter(({ _id }) => !listed.has(_id))
      .map((record) => summaries.overlay(record))
      .filter((one) => one.apart === true || one.participants.includes(caller));
    return { found, others, own };
  }
}

const toPosition = ({ atMs, _id }: WalkPosition): ListPosition => ({ lastMessageAt: new Date(atMs), _id });

const withPosition = (position: WalkPosition, { lastMessageAt, _id }: ListPosition): WalkPosition => ({
  ...position,
  atMs: lastMessageAt.getTime(),
  _id,
});

/** Returns the beginning of stage `changed`, or undefined if the walk ends without it. */
export const startOfChanges = ({ shared }: Pick<WalkPosition, 'shared'>): WalkPosition | undefined =>
  shared && { stage: 'changed', atMs: shared.sinceMs, _id: LOWEST_ID, shared };

const idSuffix = (id: ConversationId): string => id.slice(-ID_SUFFIX_CHARS);

/**
 * Adds positions to conversations. From each position on, the walk remembers conversations that will occur again in
 * stage `changed`.
 *
 * @param unwritten conversations whose summaries this process has not written yet.
 */
export function withPositions(
  start: WalkPosition,
  some: readonly { record: ConversationRecord; at: ListPosition }[],
  unwritten: ReadonlySet<ConversationId> = new Set(),
): WalkItem[] {
  let { shared } = start;
  return some.map(({ record, at }) => {
    if (shared !== undefined && (record.changedAt.getTime() >= shared.sinceMs || unwritten.has(record._id))) {
      shared = {
        ...shared,
        returnedIds: [...shared.returnedIds, idSuffix(record._id)].slice(0, MAX_RETURNED_IDS),
      };
    }
    return { record, position: { ...withPosition(start, at), shared } };
  });
}

function higherOf(a: ListPosition | undefined, b: ListPosition | undefined): ListPosition | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return isBelow(a, b) ? b : a;
}
