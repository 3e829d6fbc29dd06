import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './database.js';
import type { TrafficResult } from './load/commands.js';
import { isStoring, type Check } from './results.js';
import type { Subject } from './targets.js';

/** Time within which summaries must catch up after the last message. Later is a fault. */
const SUMMARIES_TIMEOUT_MS = 10_000;

interface Tally {
  acknowledged: number;
  stored: number;
  missing: number;
  unacknowledged: number;
  gaps: number;
}

/** Compares a stored conversation with the acknowledgements of its senders. */
function compare(tally: Tally, stored: [number, string][], acknowledged: [number, string][]): void {
  const bySeq = new Map(stored);
  tally.stored += stored.length;
  tally.acknowledged += acknowledged.length;
  tally.missing += acknowledged.filter(([seq, id]) => bySeq.get(seq) !== id).length;
  const ids = new Set(acknowledged.map(([, id]) => id));
  tally.unacknowledged += stored.filter(([, id]) => !ids.has(id)).length;
  tally.gaps += stored.filter(([seq], index) => seq !== index + 1).length;
}

/** Checks that the summaries of the conversations catch up with their messages. */
async function checkSummaries(
  subject: Subject,
  database: Database,
  ends: ReadonlyMap<string, number>,
): Promise<Check> {
  const startedAt = performance.now();
  for (;;) {
    const lastSeqs = await database.listLastSeqs(subject.databaseName);
    const behind = [...ends].filter(([id, end]) => lastSeqs.get(id) !== end).length;
    const seconds = (performance.now() - startedAt) / 1_000;
    if (behind === 0 || seconds * 1_000 > SUMMARIES_TIMEOUT_MS) {
      const detail = `${behind} of ${ends.size} behind, ${seconds.toFixed(1)} s after the check of the messages`;
      return { name: 'summaries caught up', passed: behind === 0, detail };
    }
    await sleep(100);
  }
}

/** Checks the answers to senders, and the deliveries to users who were connected all the time. */
function checkAnswers({ sent, acknowledged, delivered, refused, outOfOrder }: TrafficResult): Check[] {
  return [
    {
      name: 'every message acknowledged',
      passed: acknowledged === sent,
      detail: `${acknowledged} of ${sent}${acknowledged === sent ? '' : `, refused: ${JSON.stringify(refused)}`}`,
    },
    {
      name: 'every message delivered live',
      passed: delivered >= acknowledged,
      detail: `${delivered} of ${acknowledged}, ${outOfOrder} out of order`,
    },
  ];
}

/** Checks that exactly the acknowledged messages of all these loads are stored, without gaps. */
export async function checkStored(
  subject: Subject,
  database: Database,
  traffics: readonly TrafficResult[],
): Promise<Check[]> {
  const acknowledgedIn = new Map<string, [seq: number, clientMessageId: string][]>();
  for (const { acknowledgements } of traffics) {
    for (const [id, some] of Object.entries(acknowledgements))
      acknowledgedIn.set(id, [...(acknowledgedIn.get(id) ?? []), ...some]);
  }
  const tally: Tally = { acknowledged: 0, stored: 0, missing: 0, unacknowledged: 0, gaps: 0 };
  const ends = new Map<string, number>();
  for (const [conversationId, some] of acknowledgedIn) {
    const stored = await database.listMessages(subject.databaseName, conversationId);
    compare(tally, stored, some);
    ends.set(conversationId, stored.at(-1)?.[0] ?? 0);
  }
  // A message without an answer may be stored nevertheless. An acknowledged message must be stored.
  const unanswered = traffics.reduce((sum, { sent, acknowledged }) => sum + sent - acknowledged, 0);
  const unexplained = Math.max(0, tally.unacknowledged - unanswered);
  return [
    {
      name: 'acknowledged = stored',
      passed: tally.missing === 0 && unexplained === 0,
      detail: `${tally.acknowledged} acknowledged, ${tally.stored} stored, ${tally.missing} missing`,
    },
    { name: 'seq without a gap', passed: tally.gaps === 0, detail: `${tally.gaps} gaps` },
    await checkSummaries(subject, database, ends),
  ];
}

/** Checks that all messages were acknowledged, delivered, and stored as acknowledged. */
export async function checkTraffic(
  subject: Subject,
  database: Database,
  traffic: TrafficResult,
): Promise<Check[]> {
  const answers = checkAnswers(traffic);
  if (!isStoring(subject.target)) return answers;
  return [...answers, ...(await checkStored(subject, database, [traffic]))];
}
