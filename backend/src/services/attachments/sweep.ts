import { LIMITS, type AttachmentId } from '../../../../contract/index.js';
import type { AttachmentModel, AttachmentRecord, AttachmentStatus } from '../../models/attachmentModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import type { ReportModel } from '../../models/reportModel.js';
import { FILES, idOfKey, UPLOADS, type ListedObject, type ObjectStore } from '../objectStore.js';

export interface SweepDeps {
  attachments: Pick<
    AttachmentModel,
    | 'findByStatus'
    | 'findByIds'
    | 'discard'
    | 'markSent'
    | 'releaseUnstored'
    | 'endReports'
    | 'eraseUnreported'
  >;
  reports: Pick<ReportModel, 'findOpen'>;
  messages: Pick<MessageModel, 'findByFile'>;
  store: ObjectStore;
  now: () => Date;
}

/**
 * `pending`: uploads that were never completed. `unsent`: files that no message has. `rejected`: refused files, whose answer
 * is kept for a day. `held`: files of deleted messages whose reports are decided. `objects`: objects without a row, such as an upload that arrived after its row was gone. `parts`: parts
 * of uploads that nobody goes on with.
 */
export const SWEPT = ['pending', 'unsent', 'rejected', 'held', 'objects', 'parts'] as const;
export type Swept = (typeof SWEPT)[number];

/** Something to remove. */
export interface SweepStep {
  what: Swept;
  count: number;
  bytes: number;
  /** Ids and keys, for a listing. */
  names: readonly string[];
  /** Returns how many were removed, or put on the list of those to delete: fewer than `count` when some are used now. */
  apply: () => Promise<number>;
}

export interface SweepOptions {
  /** Age from which something is removed, in ms. */
  olderThanMs?: number;
  /** Also lists the checked files, to find some without a row. Takes as long as there are files. */
  all?: boolean;
}

const BATCH = 500;

/** Yields everything that nobody needs any more. Nothing is removed before `apply`; a second run finds nothing. */
export async function* sweepSteps(
  deps: SweepDeps,
  { olderThanMs = LIMITS.unsentAttachmentMs, all = false }: SweepOptions = {},
): AsyncGenerator<SweepStep> {
  const before = new Date(deps.now().getTime() - olderThanMs);
  yield* oldRows(deps, { status: 'pending', what: 'pending', before });
  yield* oldRows(deps, { status: 'processing', what: 'pending', before });
  yield* oldRows(deps, { status: 'ready', what: 'unsent', before });
  yield* oldRows(deps, { status: 'rejected', what: 'rejected', before });
  yield* decided(deps, before);
  yield* orphans(deps, UPLOADS, before);
  yield* openUploads(deps, before);
  if (all) yield* orphans(deps, FILES, before);
}

interface OldRows {
  status: AttachmentStatus;
  what: Swept;
  before: Date;
}

async function* oldRows(deps: SweepDeps, { status, what, before }: OldRows): AsyncGenerator<SweepStep> {
  // Rows that are not removed stay in front: they are passed over by their ids.
  const seen = new Set<AttachmentId>();
  for (;;) {
    const found = await deps.attachments.findByStatus(status, { before, limit: BATCH + seen.size });
    const rows = found.filter(({ _id }) => !seen.has(_id));
    if (rows.length === 0) return;
    for (const { _id } of rows) seen.add(_id);
    const unused = await withoutMessage(deps, rows);
    if (unused.length === 0) continue;
    yield {
      what,
      count: unused.length,
      bytes: unused.reduce((sum, { facts, announced }) => sum + ((facts ?? announced)?.sizeBytes ?? 0), 0),
      names: unused.map(({ _id }) => _id),
      apply: () => discardAll(deps, unused, { status, before }),
    };
  }
}

/** Leaves out files whose message is stored: their server died before it could note that. */
async function withoutMessage(
  { messages }: Pick<SweepDeps, 'messages'>,
  rows: readonly AttachmentRecord[],
): Promise<AttachmentRecord[]> {
  const unused: AttachmentRecord[] = [];
  for (const row of rows) {
    const isReady = row.status === 'ready' || row.usedBy !== undefined;
    const isSent = isReady && (await messages.findByFile(row._id)).length > 0;
    if (!isSent) unused.push(row);
  }
  return unused;
}

async function discardAll(
  { attachments, now }: SweepDeps,
  rows: readonly AttachmentRecord[],
  { status, before }: Pick<OldRows, 'status' | 'before'>,
): Promise<number> {
  let removed = 0;
  for (const { _id, usedBy } of rows) {
    if (usedBy !== undefined) await attachments.releaseUnstored(_id, usedBy);
    if (await attachments.discard(_id, [status], { before, now: now() })) removed += 1;
  }
  return removed;
}

/** Held files of which no report is open: a server died before it could release them. */
async function* decided({ attachments, reports, now }: SweepDeps, before: Date): AsyncGenerator<SweepStep> {
  const held = await attachments.findByStatus('held', { before, limit: BATCH });
  const ids = [...new Set(held.flatMap((row) => row.reports ?? []))];
  const open = await reports.findOpen(ids);
  const free = held.filter((row) => !(row.reports ?? []).some((id) => open.has(id)));
  if (free.length === 0) return;
  yield {
    what: 'held',
    count: free.length,
    bytes: free.reduce((sum, { facts }) => sum + (facts?.sizeBytes ?? 0), 0),
    names: free.map(({ _id }) => _id),
    apply: async () => {
      const ended = await attachments.endReports(
        ids.filter((id) => !open.has(id)),
        now(),
      );
      return (
        ended +
        (await attachments.eraseUnreported(
          free.map(({ _id }) => _id),
          now(),
        ))
      );
    },
  };
}

/** Objects whose row is gone, or does not need them any more. */
async function* orphans(deps: SweepDeps, prefix: string, before: Date): AsyncGenerator<SweepStep> {
  const { store, attachments } = deps;
  for (let after: string | undefined; ;) {
    const page = await store.list(prefix, after);
    const old = page.objects.filter(({ modifiedAt }) => modifiedAt < before);
    const ids = [...new Set(old.flatMap(({ key }) => idOfKey(key) ?? []))];
    const rows = new Map((await attachments.findByIds(ids)).map((row) => [row._id, row]));
    const orphaned = old.filter((object) => !isNeeded(object, prefix, rows));
    if (orphaned.length > 0) {
      yield {
        what: 'objects',
        count: orphaned.length,
        bytes: orphaned.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        names: orphaned.map(({ key }) => key),
        apply: async () => {
          await store.remove(orphaned.map(({ key }) => key));
          return orphaned.length;
        },
      };
    }
    if (page.next === undefined) return;
    after = page.next;
  }
}

/** Objects that this server has not made are left alone. */
function isNeeded(
  { key }: ListedObject,
  prefix: string,
  rows: ReadonlyMap<AttachmentId, AttachmentRecord>,
): boolean {
  const id = idOfKey(key);
  if (id === undefined) return true;
  const status = rows.get(id)?.status;
  // Files on the list of those to delete are removed by it.
  const isUploading = status === 'pending' || status === 'processing' || status === 'deleting';
  return prefix === UPLOADS ? isUploading : status !== undefined;
}

async function* openUploads({ store, attachments }: SweepDeps, before: Date): AsyncGenerator<SweepStep> {
  const open = (await store.listOpenUploads(UPLOADS)).filter(({ startedAt }) => startedAt < before);
  const ids = open.flatMap(({ key }) => idOfKey(key) ?? []);
  const rows = new Map((await attachments.findByIds(ids)).map((row) => [row._id as string, row]));
  const left = open.filter(({ key, uploadId }) => {
    const row = rows.get(idOfKey(key) ?? '');
    return row?.status !== 'pending' || row.uploadId !== uploadId;
  });
  if (left.length === 0) return;
  yield {
    what: 'parts',
    count: left.length,
    bytes: 0,
    names: left.map(({ key }) => key),
    apply: async () => {
      for (const { key, uploadId } of left) await store.dropParts(key, uploadId);
      return left.length;
    },
  };
}
