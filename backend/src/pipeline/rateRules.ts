import {
  BUCKETS,
  BUCKET_NAMES,
  type BucketName,
  type BucketRule,
  type Rate,
} from '../../../contract/index.js';

/** Limit of each bucket. Undefined switches all limits off. */
export type RateRules = Readonly<Record<BucketName, BucketRule>> | undefined;

/** Outside production all limits are multiplied by this, so that developers do not reach them. */
const DEVELOPMENT_FACTOR = 10;
const MAX_POINTS = 1_000_000;
const MAX_SECONDS = 86_400;

const RATE = /^(\d{1,7})\/(\d{1,5})s$/;

/** Returns the limits of the contract, multiplied by `DEVELOPMENT_FACTOR` when `generous` is true. */
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
 * Parses `RATE_LIMITS`: `off`, `on`, or a list of limits that replace the defaults, such as `send=30/10s,open=20/60s`.
 * A limit may have a reserve for bursts: `send=10/1s+120/60s`. Without one, the bucket has no reserve.
 *
 * @returns the rules, or an error message when the text is invalid.
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
  const match = RATE.exec(text);
  const points = Number(match?.[1]);
  const perSeconds = Number(match?.[2]);
  const isValid = points >= 1 && points <= MAX_POINTS && perSeconds >= 1 && perSeconds <= MAX_SECONDS;
  return isValid ? { points, perSeconds } : undefined;
}
