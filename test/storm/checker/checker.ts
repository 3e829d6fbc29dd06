import { Facts } from './facts.js';
import { RULES, type History, type Rule, type Violation } from './history.js';
import { foreign, gap, live, lost, order, twice } from './rules/messages.js';
import { backwards } from './rules/positions.js';
import { leak } from './rules/privacy.js';
import { history, stale } from './rules/reads.js';
import { pair, refusal, summary, unread, witness } from './rules/summaries.js';

/** Number of violations kept per rule, because one fault can cause thousands. All are counted. */
const MAX_KEPT = 10;
const MAX_SHOWN = 2;
const MAX_EVIDENCE = 6;
const MAX_LINE_CHARS = 400;

const CHECKS = [
  lost,
  twice,
  gap,
  foreign,
  order,
  live,
  stale,
  history,
  backwards,
  pair,
  leak,
  unread,
  summary,
  refusal,
  witness,
];

export interface Verdict {
  violations: Violation[];
  /** Number of violations per rule; rules without violations are missing. */
  counts: Partial<Record<Rule, number>>;
}

/** Compares the actions and observations of clients with the database. Pure: equal histories give equal verdicts. */
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

/** Formats the broken promises, each with the first cases and their log lines. */
export function formatVerdict({ violations, counts }: Verdict): string {
  const rules = Object.keys(RULES) as Rule[];
  return rules
    .filter((rule) => (counts[rule] ?? 0) > 0)
    .map((rule) => {
      const cases = violations.filter((violation) => violation.rule === rule).slice(0, MAX_SHOWN);
      return [
        `✗ broken ${counts[rule] ?? 0} times: ${RULES[rule]} [${rule}]`,
        ...cases.flatMap(formatCase),
      ].join('\n');
    })
    .join('\n');
}

function formatCase({ text, evidence }: Violation): string[] {
  const lines = evidence.map((event) => JSON.stringify(event));
  return [
    `    ${text}`,
    ...lines.map(
      (line) => `      ${line.length > MAX_LINE_CHARS ? `${line.slice(0, MAX_LINE_CHARS)}…` : line}`,
    ),
  ];
}
