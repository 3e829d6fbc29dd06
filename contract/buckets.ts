/** So many calls in so many seconds, counted in windows that begin with the first call. */
export interface Rate {
  points: number;
  perSeconds: number;
}

/** What is let through: the rate and, on top of it, a reserve for bursts. */
export interface BucketRule extends Rate {
  /** Drawn from when the rate is used up: a person who returns to a hundred chats is no flood. */
  burst?: Rate | undefined;
}

interface Bucket extends BucketRule {
  /** By whom it is counted: the user of the verified token, or the remote address (an IPv6 network of 64 bits). */
  per: 'user' | 'address';
  summary: string;
}

/**
 * The one table of rate limits, as they are in production; elsewhere there is ten times as much of everything. Each row
 * of the commands and endpoints names the bucket that it counts against. `RATE_LIMITS` changes or switches off.
 */
export const BUCKETS = {
  send: {
    per: 'user',
    points: 10,
    perSeconds: 1,
    burst: { points: 120, perSeconds: 60 },
    summary: 'Messages, and repeated sends of them.',
  },
  read: {
    per: 'user',
    points: 30,
    perSeconds: 1,
    burst: { points: 600, perSeconds: 60 },
    summary: 'Lists, history, one conversation, profiles, totals.',
  },
  receipt: {
    per: 'user',
    points: 30,
    perSeconds: 1,
    burst: { points: 1_200, perSeconds: 60 },
    summary: 'Delivered and read positions.',
  },
  sync: {
    per: 'user',
    points: 5,
    perSeconds: 1,
    burst: { points: 120, perSeconds: 60 },
    summary: 'Catching up.',
  },
  typing: { per: 'user', points: 20, perSeconds: 10, summary: 'Typing notices.' },
  presence: { per: 'user', points: 20, perSeconds: 10, summary: 'Whose presence to watch.' },
  open: { per: 'user', points: 60, perSeconds: 60, summary: 'Opening (create-or-get) conversations.' },
  search: { per: 'user', points: 30, perSeconds: 60, summary: 'Searching.' },
  profile: { per: 'user', points: 20, perSeconds: 60, summary: 'Changes of name and picture.' },
  session: {
    per: 'user',
    points: 60,
    perSeconds: 60,
    summary: 'Connections with a good token, renewals and revocations of tokens.',
  },
  connect: {
    per: 'address',
    points: 200,
    perSeconds: 1,
    burst: { points: 6_000, perSeconds: 60 },
    summary: 'New connections, before anybody has said who they are.',
  },
  badToken: { per: 'address', points: 60, perSeconds: 60, summary: 'Tokens that are not valid.' },
} as const satisfies Record<string, Bucket>;

export type BucketName = keyof typeof BUCKETS;
export const BUCKET_NAMES = Object.keys(BUCKETS) as [BucketName, ...BucketName[]];
