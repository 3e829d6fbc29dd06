import mongoose from 'mongoose';
import type { ObjectId } from '../objectIds.js';
import type { Issue, IssueName } from './issues.js';
import { isHalfSplit, hasEnded, isBeingCreated } from './derivable.js';
import { showCommand, TASK, type Remedy } from './remedy.js';
import type { Stored } from './pairs.js';

interface Collections {
  conversations: mongoose.mongo.Collection;
  merges: mongoose.mongo.Collection;
}
type IssueFactory = (issue: IssueName, what: string, help: Remedy) => Issue;

/** Ids of the conversations that continue an ended one: one per pair when it was split. */
const targetsOf = ({ mergedInto, splitInto }: Stored): string[] =>
  Array.isArray(splitInto)
    ? (splitInto as { conversationId: ObjectId }[]).map(({ conversationId }) => String(conversationId))
    : [String(mergedInto)];

/** Findings on the ended conversations of a page and on those still being created by a merge or split. */
export interface Unfinished {
  /**
   * Returns the issue of an ended conversation or of one still being created. Undefined when there is none, and
   * for all other conversations.
   */
  issueOf(conversation: Stored, say: IssueFactory): Issue | undefined;
}

export async function findUnfinished(
  { conversations, merges }: Collections,
  page: readonly Stored[],
): Promise<Unfinished> {
  const beingCreated = page.filter((one) => !hasEnded(one) && isBeingCreated(one));
  const ended = page.filter((one) => hasEnded(one) && !isHalfSplit(one));
  const targets = new Set(await findIds(conversations, ended.flatMap(targetsOf).filter(isId).map(toId), {}));
  const merging = new Set(await findIds(merges, idsOf(beingCreated), { stage: { $ne: 'done' } }));
  const sources = beingCreated.flatMap(({ splitFrom }) =>
    splitFrom === undefined ? [] : [splitFrom as ObjectId],
  );
  const splitting = new Set(await findIds(conversations, sources, { splitInto: { $exists: false } }));
  return {
    issueOf: (conversation, toIssue) => {
      const { _id, mergedInto, splitFrom } = conversation;
      if (hasEnded(conversation)) {
        if (isHalfSplit(conversation))
          return toIssue('unfinishedSplit', 'is sealed but not split yet', TASK.split);
        const isValid = targetsOf(conversation).every((id) => id !== String(_id) && targets.has(id));
        return isValid
          ? undefined
          : toIssue('lostTarget', `mergedInto ${String(mergedInto)}`, showCommand(_id));
      }
      if (!isBeingCreated(conversation)) return undefined;
      if (splitting.has(String(splitFrom))) {
        return toIssue('unfinishedSplit', `of ${String(splitFrom)}, which is being split`, TASK.split);
      }
      return merging.has(String(_id))
        ? toIssue('unfinishedMerge', 'is not open yet', TASK.merge)
        : toIssue('shape', 'has no members', showCommand(_id));
    },
  };
}

const idsOf = (documents: readonly Stored[]): ObjectId[] => documents.map(({ _id }) => _id as ObjectId);
const isId = (id: string): boolean => mongoose.isObjectIdOrHexString(id);
const toId = (id: string): ObjectId => mongoose.Types.ObjectId.createFromHexString(id);

/** Returns those of the ids that exist and match the filter. */
async function findIds(
  collection: mongoose.mongo.Collection,
  ids: readonly ObjectId[],
  filter: Stored,
): Promise<string[]> {
  if (ids.length === 0) return [];
  const found = await collection
    .find({ ...filter, _id: { $in: [...ids] } }, { projection: { _id: 1 }, readPreference: 'primary' })
    .toArray();
  return found.map(({ _id }) => String(_id));
}
