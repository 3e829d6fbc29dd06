import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './database.js';
import type { TrafficResult } from './load/commands.js';
import type { Check } from './results.js';
import type { Subject } from './targets.js';

/** Summaries are written behind; longer than this after the last message is a fault. */
const SUMMARIES_TIMEOUT_MS = 10_000;

interface Tally {
  acknowledged: number;
  stored: number;
  missing: number;
  unasked: number;
  gaps: number;
}

/** Compares a conversation as it is stored with what its senders were told. */
function compare(tally: Tally, stored: [number, string][], acknowledged: [number, string][]): void {
  const bySeq = new Map(stored);
  tally.stored += stored.length;
  tally.acknowledged += acknowledged.length;
  tally.missing += acknowledged.filter(([seq, id]) => bySeq.get(seq) !== id).length;
  const told = new Set(acknowledged.map(([, id]) => id));
  tally.unasked += stored.filter(([, id]) => !told.has(id)).length;
  tally.gaps += stored.filter(([seq], index) => seq !== index + 1).length;
}

/** What conversations say of themselves must catch up with their messages by itself. */
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

/** What is stored must be what was acknowledged, without a gap; everything must have been delivered. */
export async function checkTraffic(
  subject: Subject,
  database: Database,
  traffic: TrafficResult,
): Promise<Check[]> {
  const { sent, acknowledged, delivered, refused } = traffic;
  const checks: Check[] = [
    {
      name: 'every message acknowledged',
      passed: acknowledged === sent,
      detail: `${acknowledged} of ${sent}${acknowledged === sent ? '' : `, refused: ${JSON.stringify(refused)}`}`,
    },
    {
      name: 'every message delivered live',
      passed: delivered >= acknowledged,
      detail: `${delivered} of ${acknowledged}, ${traffic.outOfOrder} out of order`,
    },
  ];
  if (subject.target === 'relay') return checks;
  const tally: Tally = { acknowledged: 0, stored: 0, missing: 0, unasked: 0, gaps: 0 };
  const ends = new Map<string, number>();
  for (const [conversationId, told] of Object.entries(traffic.acknowledgements)) {
    const stored = await database.listMessages(subject.databaseName, conversationId);
    compare(tally, stored, told);
    ends.set(conversationId, stored.at(-1)?.[0] ?? 0);
  }
  // A message whose sender heard nothing may be stored all the same; one that was acknowledged must be.
  const unexplained = Math.max(0, tally.unasked - (sent - acknowledged));
  return [
    ...checks,
    {
      name: 'acknowledged = stored',
      passed: tally.missing === 0 && unexplained === 0,
      detail: `${tally.acknowledged} acknowledged, ${tally.stored} stored, ${tally.missing} missing`,
    },
    { name: 'seq without a gap', passed: tally.gaps === 0, detail: `${tally.gaps} gaps` },
    await checkSummaries(subject, database, ends),
  ];
}
