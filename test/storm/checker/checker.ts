import { Facts } from './facts.js';
import { RULES, type History, type Rule, type Violation } from './history.js';
import { foreign, gap, live, lost, order, twice } from './rules/messages.js';
import { backwards } from './rules/positions.js';
import { leak } from './rules/privacy.js';
import { history, stale } from './rules/reads.js';
import { pair, refusal, summary, unread } from './rules/summaries.js';

/** One fault breaks a thousand answers: of each rule the first violations are kept, and all are counted. */
const MAX_KEPT = 10;
const MAX_EVIDENCE = 6;

const CHECKS = [lost, twice, gap, foreign, order, live, stale, history, backwards, pair, leak, unread, summary, refusal];

export interface Verdict {
  violations: Violation[];
  /** How many of each rule; rules that held are not in it. */
  counts: Partial<Record<Rule, number>>;
}

/** Compares what clients did and were told with what the database holds. Pure: the same history, the same verdict. */
export function checkHistory(given: History): Verdict {
  const facts = new Facts(given);
  const counts: Partial<Record<Rule, number>> = {};
  const violations: Violation[] = [];
  for (const check of CHECKS) {
    for (const violation of check(facts)) {
      const count = (counts[violation.rule] ?? 0) + 1;
      counts[violation.rule] = count;
      if (count > MAX_KEPT) continue;
      violations.push({ ...violation, evidence: violation.evidence.slice(0, MAX_EVIDENCE) });
    }
  }
  return { violations, counts };
}

/** For a person: what is wrong, and the lines that show it. */
export function formatVerdict({ violations, counts }: Verdict): string {
  const blocks = violations.map(({ rule, text, evidence }) =>
    [`✗ ${RULES[rule]}: ${text}`, ...evidence.map((line) => `    ${JSON.stringify(line)}`)].join('\n'),
  );
  const more = Object.entries(counts)
    .filter(([, count]) => count > MAX_KEPT)
    .map(([rule, count]) => `  ${rule}: ${count} in all, the first ${MAX_KEPT} are shown`);
  return [...blocks, ...more].join('\n');
}
