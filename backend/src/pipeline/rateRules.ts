import {
  BUCKETS,
  BUCKET_NAMES,
  type BucketName,
  type BucketRule,
  type Rate,
} from '../../../contract/index.js';

/** What each bucket lets through; undefined switches all limits off. */
export type RateRules = Readonly<Record<BucketName, BucketRule>> | undefined;

/** Outside production there is this many times as much of everything: nobody meets a limit while developing. */
const DEVELOPMENT_FACTOR = 10;
const MAX_POINTS = 1_000_000;
const MAX_SECONDS = 86_400;

const RATE = /^(\d{1,7})\/(\d{1,5})s$/;

/** The table of the contract, or ten times as much. */
export function defaultRules(generous: boolean): Record<BucketName, BucketRule> {
  const factor = generous ? DEVELOPMENT_FACTOR : 1;
  const scaled = ({ points, perSeconds }: Rate): Rate => ({ points: points * factor, perSeconds });
  const entries = BUCKET_NAMES.map((name) => {
    const rule: BucketRule = BUCKETS[name];
    return [name, { ...scaled(rule), ...(rule.burst && { burst: scaled(rule.burst) }) }];
  });
  return Object.fromEntries(entries) as Record<BucketName, BucketRule>;
}

/**
 * Reads `RATE_LIMITS`: `off`, `on`, or what differs from the defaults: `send=30/10s,open=20/60s`. A bucket named there
 * has that rate alone, or with a reserve for bursts: `send=10/1s+120/60s`.
 *
 * @returns what is wrong as a sentence, instead of rules.
 */
export function parseRateRules(text: string, { generous }: { generous: boolean }): RateRules | string {
  if (text === 'off') return undefined;
  const rules = defaultRules(generous);
  if (text === 'on') return rules;
  for (const part of text.split(',')) {
    const [name = '', value = '', ...rest] = part.trim().split('=');
    if (!isBucketName(name)) return `has no bucket "${name}" (there are ${BUCKET_NAMES.join(', ')})`;
    const rates = value.split('+').map(parseRate);
    const [rate, burst] = rates;
    if (rate === undefined || rates.length > 2 || rates.includes(undefined) || rest.length > 0) {
      return `must be off, on, or limits such as send=30/10s or send=10/1s+120/60s`;
    }
    rules[name] = { ...rate, ...(burst && { burst }) };
  }
  return rules;
}

const isBucketName = (name: string): name is BucketName => Object.hasOwn(BUCKETS, name);

function parseRate(text: string): Rate | undefined {
  const found = RATE.exec(text);
  const points = Number(found?.[1]);
  const perSeconds = Number(found?.[2]);
  const isSound = points >= 1 && points <= MAX_POINTS && perSeconds >= 1 && perSeconds <= MAX_SECONDS;
  return isSound ? { points, perSeconds } : undefined;
}
