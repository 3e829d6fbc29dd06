import type { ObjectId } from '../merge/stored.js';
import { FROM_PRIMARY, numberOf } from '../merge/stored.js';
import type { Stored, TaskContext } from '../frame/task.js';

/** A log read from its beginning to its end, and what is to be set in it. */
export interface LogRepair {
  lastSeq: number;
  counted: number;
  lastControl: number;
  last: Stored | undefined;
  /** The newest that history shows. */
  shown: Stored | undefined;
  holes: number;
  /** The newest counted message of each sender. */
  sent: Map<string, { seq: number; n: number }>;
  /** How many counted messages lie behind what each of the conversation's list of members has sent, read or cleared. */
  unreadBehind: Map<string, number>;
  /** Control entries, oldest first. */
  controls: Stored[];
  /** Messages whose numbers are not what their places say. At most so many as are mended at a time. */
  repairs: { message: Stored; fields: Stored }[];
  /** The numbers of these places among the counted messages. */
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
  senderId: 1,
  createdAt: 1,
};
/** Broken numbers kept in memory; a second run finds the rest. */
const MAX_REPAIRS = 10_000;

const isControl = ({ action, controlSeq }: Stored): boolean =>
  action !== undefined || controlSeq !== undefined;

/**
 * Reads a log in its order, in constant memory.
 *
 * @param conversation its members' positions are the places that are asked for.
 */
export async function readLog(context: TaskContext, conversation: Stored): Promise<LogRepair> {
  const conversationId = conversation['_id'] as ObjectId;
  const members = await context.collection('members').find({ conversationId }, FROM_PRIMARY).toArray();
  const places = new Set(
    members.flatMap(({ lastReadSeq, clearedSeq }) => [numberOf(lastReadSeq), numberOf(clearedSeq)]),
  );
  const log: LogRepair = {
    ...{ lastSeq: 0, counted: 0, lastControl: 0, last: undefined, shown: undefined, holes: 0 },
    ...{ sent: new Map(), unreadBehind: new Map(), controls: [], repairs: [], countAt: new Map([[0, 0]]) },
  };
  const cursor = context
    .collection('messages')
    .find({ conversationId, seq: { $gte: 1 } }, { ...FROM_PRIMARY, projection: FIELDS, batchSize: 2_000 })
    .sort({ seq: 1 });
  for await (const message of cursor) take(log, message, places);
  const byUser = new Map(members.map((member) => [String(member['userId']), member]));
  for (const userId of (conversation['participants'] ?? []) as string[]) {
    const sent = log.sent.get(userId)?.n ?? 0;
    log.unreadBehind.set(userId, log.counted - Math.max(sent, reachedBy(log, byUser.get(userId))));
  }
  return log;
}

/** How many counted messages somebody has read or cleared. */
function reachedBy(log: LogRepair, member: Stored | undefined): number {
  const seq = Math.max(numberOf(member?.['lastReadSeq']), numberOf(member?.['clearedSeq']));
  return seq >= log.lastSeq ? log.counted : (log.countAt.get(seq) ?? 0);
}

function take(log: LogRepair, message: Stored, places: ReadonlySet<number>): void {
  const seq = message['seq'] as number;
  log.holes += seq - log.lastSeq - 1;
  log.lastSeq = seq;
  const isCounted = !isControl(message) && message['shadow'] !== true;
  if (isCounted) log.counted += 1;
  if (isControl(message)) {
    log.lastControl = seq;
    log.controls.push(message);
    // Who joins here has read what was there before.
    log.countAt.set(seq - 1, log.counted);
  }
  const wanted: Stored = {
    ...{ n: log.counted, control: log.lastControl },
    ...(isControl(message) && { controlSeq: seq }),
  };
  const off = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => message[name] !== value));
  if (Object.keys(off).length > 0 && log.repairs.length < MAX_REPAIRS) {
    log.repairs.push({ message, fields: off });
  }
  if (places.has(seq)) log.countAt.set(seq, log.counted);
  if (isCounted) log.sent.set(String(message['senderId']), { seq, n: log.counted });
  log.last = message;
  if (message['silent'] !== true && message['shadow'] !== true) log.shown = message;
}
