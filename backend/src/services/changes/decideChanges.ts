import type { UserId } from '../../../../contract/index.js';
import type { ChangeRecord } from '../../models/changeModel.js';
import { AppError } from '../../utils/appError.js';
import type { DatabaseTime } from '../runtime/index.js';
import type { Restrictions, Viewer } from '../visibility/index.js';
import { authorizeChange, type ChangeWindows } from './authorizeChange.js';
import { toChangeRecord, type QueuedChange } from './change.js';
import type { OpenedLedger } from './readLedger.js';

export interface DecideDeps {
  restrictions: Pick<Restrictions, 'checkChange'>;
  time: DatabaseTime;
  windowsOfChange: ChangeWindows;
}

/** The end of the logs, with the authors of the changes in flight. */
export interface JudgedLedger extends OpenedLedger {
  viewers: ReadonlyMap<UserId, Viewer>;
}

/** A queued change with the verdict of one round. */
export interface DecidedChange {
  queued: QueuedChange;
  /** The error that refuses it, `nothing` if no change is needed, or the log entry. */
  verdict: AppError | 'nothing' | ChangeRecord;
  /** True when an earlier attempt has stored it. */
  isStored: boolean;
}

export const isChange = (verdict: DecidedChange['verdict']): verdict is ChangeRecord =>
  verdict !== 'nothing' && !(verdict instanceof AppError);

/** Decides about all changes in flight, each as of the ones before it. @param found those that are stored already. */
export function decideChanges(
  deps: DecideDeps,
  opened: JudgedLedger,
  { inFlight, found }: { inFlight: readonly QueuedChange[]; found: readonly ChangeRecord[] },
): DecidedChange[] {
  const byId = new Map(found.map((change) => [change._id, change]));
  const stored = inFlight.flatMap((queued): DecidedChange[] => {
    const verdict = byId.get(queued._id);
    return verdict === undefined ? [] : [{ queued, verdict, isStored: true }];
  });
  const fresh = inFlight
    .filter(({ _id }) => !byId.has(_id))
    .map((queued): DecidedChange => ({ queued, verdict: decideOne(deps, opened, queued), isStored: false }));
  return [...stored, ...fresh];
}

/** Checks a request. For a shadow change, checks it against the messages as its author sees them. */
function decideOne(
  { restrictions, time, windowsOfChange }: DecideDeps,
  { ledger, shadowLedgers, logState, viewers }: JudgedLedger,
  queued: QueuedChange,
): DecidedChange['verdict'] {
  const { by, seq, request } = queued.draft;
  const nowMs = time.nowMs();
  const shadow = restrictions.checkChange(by, request.kind, ledger.message(seq));
  const ownLedger = shadow && shadowLedgers.get(by);
  const verdict = authorizeChange(queued.draft, {
    ...logState,
    ledger: ownLedger ?? ledger,
    viewer: viewers.get(by),
    nowMs,
    windows: windowsOfChange,
  });
  if (verdict === 'nothing' || verdict instanceof AppError) return verdict;
  const position = { rev: ledger.rev + 1, at: new Date(nowMs) };
  const change = toChangeRecord(queued, position, { what: verdict, shadow });
  ledger.fold(change);
  ownLedger?.add(change);
  return change;
}
