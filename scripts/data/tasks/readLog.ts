import { SYSTEM_USER_ID } from '../../../contract/index.js';
import { type ObjectId, FROM_PRIMARY, numberOf } from '../merge/stored.js';
import type { Stored } from '../frame/stored.js';
import type { TaskContext } from '../frame/taskContext.js';

/** Result of reading a whole log: the derived numbers, and the entries whose stored numbers differ. */
export interface LogRepair {
  lastSeq: number;
  counted: number;
  lastControl: number;
  last: Stored | undefined;
  /** The newest message that is visible in the history. */
  shown: Stored | undefined;
  holes: number;
  /** The highest `seq` of a counted message that was deleted for everyone; 0 for none. */
  lastDeletedSeq: number;
  /** The newest counted message of each sender, without those sent with receipts switched off. */
  sent: Map<string, { seq: number; n: number }>;
  /** The newest counted message that each sender sent with receipts switched off. */
  quiet: Map<string, { seq: number; n: number }>;
  /** Number of counted messages after the last one that each participant sent, read or cleared. */
  unreadBehind: Map<string, number>;
  /** Membership events, oldest first. */
  controls: Stored[];
  /** Entries whose stored numbers do not match their position in the log; at most `MAX_REPAIRS`. */
  repairs: { message: Stored; fields: Stored }[];
  /** True when there are more such entries than `repairs` holds. */
  isCut: boolean;
  /** Number of counted messages up to a `seq`, for the `seq`s that members' positions refer to. */
  countAt: Map<number, number>;
}

const FIELDS = {
  seq: 1,
  n: 1,
  control: 1,
  controlSeq: 1,
  action: 1,
  silent: 1,
  shadow: 1,
  quiet: 1,
  senderId: 1,
  createdAt: 1,
  deletedAt: 1,
};
/** Limit of `repairs`, which are kept in memory. */
const MAX_REPAIRS = 10_000;

/** True for membership events. A group change by a restricted user (`shadow`) has an `action`, but is not one. */
const isMembershipEvent = ({ action, controlSeq, shadow }: Stored): boolean =>
  controlSeq !== undefined || (action !== undefined && shadow !== true);

/**
 * Reads a log in `seq` order, in constant memory.
 *
 * @param conversation its members' positions determine the `seq`s in `countAt`.
 */
export async function readLog(context: TaskContext, conversation: Stored): Promise<LogRepair> {
  const conversationId = conversation['_id'] as ObjectId;
  const members = await context.collection('members').find({ conversationId }, FROM_PRIMARY).toArray();
  const seqs = new Set(
    members.flatMap(({ lastReadSeq, privateReadSeq, clearedSeq }) =>
      [lastReadSeq, privateReadSeq, clearedSeq].map(numberOf),
    ),
  );
  const log: LogRepair = {
    lastSeq: 0,
    counted: 0,
    lastControl: 0,
    last: undefined,
    shown: undefined,
    holes: 0,
    isCut: false,
    lastDeletedSeq: 0,
    sent: new Map(),
    quiet: new Map(),
    unreadBehind: new Map(),
    controls: [],
    repairs: [],
    countAt: new Map([[0, 0]]),
  };
  const cursor = context
    .collection('messages')
    .find({ conversationId, seq: { $gte: 1 } }, { ...FROM_PRIMARY, projection: FIELDS, batchSize: 2_000 })
    .sort({ seq: 1 });
  for await (const message of cursor) addEntry(log, message, seqs);
  const byUser = new Map(members.map((member) => [String(member['userId']), member]));
  for (const userId of (conversation['participants'] ?? []) as string[]) {
    const sent = Math.max(log.sent.get(userId)?.n ?? 0, log.quiet.get(userId)?.n ?? 0);
    log.unreadBehind.set(userId, log.counted - Math.max(sent, reachedBy(log, byUser.get(userId))));
  }
  return log;
}

/** Returns the number of counted messages that a member has read or cleared. */
function reachedBy(log: LogRepair, member: Stored | undefined): number {
  const seqs = ['lastReadSeq', 'privateReadSeq', 'clearedSeq'];
  const seq = Math.max(...seqs.map((name) => numberOf(member?.[name])));
  return seq >= log.lastSeq ? log.counted : (log.countAt.get(seq) ?? 0);
}

function addEntry(log: LogRepair, message: Stored, seqs: ReadonlySet<number>): void {
  const seq = message['seq'] as number;
  log.holes += seq - log.lastSeq - 1;
  log.lastSeq = seq;
  const isCounted = !isMembershipEvent(message) && message['shadow'] !== true;
  if (isCounted) log.counted += 1;
  if (isMembershipEvent(message)) {
    log.lastControl = seq;
    log.controls.push(message);
    // A new member's read position starts before this entry.
    log.countAt.set(seq - 1, log.counted);
  }
  const wanted: Stored = {
    n: log.counted,
    control: log.lastControl,
    ...(isMembershipEvent(message) && { controlSeq: seq }),
  };
  const differing = Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => message[name] !== value),
  );
  if (Object.keys(differing).length > 0) {
    log.isCut = log.repairs.length >= MAX_REPAIRS;
    if (!log.isCut) log.repairs.push({ message, fields: differing });
  }
  if (seqs.has(seq)) log.countAt.set(seq, log.counted);
  if (isCounted && message['deletedAt'] !== undefined) log.lastDeletedSeq = seq;
  const sent = message['quiet'] === true ? log.quiet : log.sent;
  // The system is no member and has no position.
  if (isCounted && message['senderId'] !== SYSTEM_USER_ID)
    sent.set(String(message['senderId']), { seq, n: log.counted });
  log.last = message;
  if (message['silent'] !== true && message['shadow'] !== true) log.shown = message;
}
