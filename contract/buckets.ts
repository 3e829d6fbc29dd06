/** Number of calls per window. A window begins with the first call. */
export interface Rate {
  points: number;
  perSeconds: number;
}

/** Rate, and a reserve for bursts on top of it. */
export interface BucketRule extends Rate {
  /** Used when the rate is exhausted: a user who returns to a hundred conversations is not a flood. */
  burst?: Rate | undefined;
}

interface Bucket extends BucketRule {
  /** Key of the counter: the user of the verified token, the API key, or the remote address (for IPv6, its /64 network). */
  per: 'user' | 'key' | 'address';
  summary: string;
}

/**
 * Rate limits in production. In development and tests all of them are ten times as high. Each command and endpoint
 * names the bucket that it counts against. `RATE_LIMITS` changes them or switches them off.
 */
export const BUCKETS = {
  send: {
    per: 'user',
    points: 10,
    perSeconds: 1,
    burst: { points: 120, perSeconds: 60 },
    summary: 'Messages, including repeated sends, and changes of messages.',
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
    summary: 'Delivered and read positions, settings of conversations.',
  },
  sync: {
    per: 'user',
    points: 5,
    perSeconds: 1,
    burst: { points: 120, perSeconds: 60 },
    summary: '`sync`.',
  },
  typing: { per: 'user', points: 20, perSeconds: 10, summary: 'Typing indicators.' },
  presence: {
    per: 'user',
    points: 20,
    perSeconds: 10,
    summary: 'Changes of the users whose presence is watched.',
  },
  open: {
    per: 'user',
    points: 60,
    perSeconds: 60,
    summary: 'Opening conversations; changes of members, roles, groups, blocks, reports.',
  },
  addStranger: {
    per: 'user',
    points: 100,
    perSeconds: 86_400,
    summary:
      'Users added to groups and channels who have never written to the caller. Users beyond the limit are listed in `refused`, the others are added. Tokens with the role `backend` or `moderator` are not counted.',
  },
  upload: {
    per: 'user',
    points: 10,
    perSeconds: 1,
    burst: { points: 120, perSeconds: 60 },
    summary: 'Starting, completing and cancelling uploads of files.',
  },
  search: { per: 'user', points: 30, perSeconds: 60, summary: 'Searches.' },
  profile: {
    per: 'user',
    points: 20,
    perSeconds: 60,
    summary: 'Changes of name, picture and privacy settings.',
  },
  session: {
    per: 'user',
    points: 60,
    perSeconds: 60,
    summary: 'Connections with a valid token, renewals and revocations of tokens.',
  },
  connect: {
    per: 'address',
    points: 200,
    perSeconds: 1,
    burst: { points: 6_000, perSeconds: 60 },
    summary: 'New connections, before authentication.',
  },
  badToken: { per: 'address', points: 60, perSeconds: 60, summary: 'Invalid tokens and API keys.' },
  serverRead: {
    per: 'key',
    points: 100,
    perSeconds: 1,
    burst: { points: 3_000, perSeconds: 60 },
    summary: 'Reading calls of the server-side API.',
  },
  serverWrite: {
    per: 'key',
    points: 50,
    perSeconds: 1,
    burst: { points: 1_500, perSeconds: 60 },
    summary:
      'Writing calls of the server-side API, except messages. A call counts once, however many users it names.',
  },
  serverSend: {
    per: 'key',
    points: 200,
    perSeconds: 1,
    burst: { points: 6_000, perSeconds: 60 },
    summary: 'Messages of the server-side API.',
  },
} as const satisfies Record<string, Bucket>;

export type BucketName = keyof typeof BUCKETS;
export const BUCKET_NAMES = Object.keys(BUCKETS) as [BucketName, ...BucketName[]];
