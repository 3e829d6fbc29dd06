interface Queue {
  what: string;
  bound: string;
  beyond: string;
}

/** Every queue, map and batcher of the server that outlives a single command. */
export const QUEUES: readonly Queue[] = [
  {
    what: 'API keys in memory (`apiKeyDirectory`)',
    bound: 'all keys, revoked ones too: operators make them',
    beyond: '—',
  },
  {
    what: 'entries and outcomes of the audit log (`auditLog`)',
    bound: 'one per call under way',
    beyond: 'no call without its entry: `UNAVAILABLE`',
  },
  {
    what: 'commit log, messages waiting (`commitLog`)',
    bound: '`COMMIT_MAX_WAITING`, 20,000; the same number of repeats that wait for an answer',
    beyond: '`UNAVAILABLE`',
  },
  {
    what: 'of these, those of one sender (`perUserQuota`)',
    bound: '`COMMIT_MAX_WAITING_PER_USER`, 1,000, repeats included',
    beyond: '`RATE_LIMITED`; other senders are unaffected',
  },
  {
    what: 'commit log, lanes',
    bound: 'busy: as messages; idle: 50,000, least recently used are removed',
    beyond: 'read again',
  },
  {
    what: 'summaries to be written (`summaries`)',
    bound: '50,000 conversations, one entry each',
    beyond: 'sends are `UNAVAILABLE` until the writes have caught up',
  },
  {
    what: 'recently written summaries',
    bound: 'two generations of 15 s: what the database has accepted in that time',
    beyond: '—',
  },
  {
    what: 'positions waiting (`receiptService`)',
    bound: '20,000, one per user and conversation; later ones are merged into it',
    beyond: '`UNAVAILABLE`',
  },
  {
    what: 'active typing notices (`typing`)',
    bound: '50,000 connections, 6 s each',
    beyond: 'the oldest expires instead of ending with its connection',
  },
  {
    what: 'users to be read or created (`TickBatcher`)',
    bound: 'commands and handshakes in progress: `MAX_COMMANDS_UNDER_WAY`',
    beyond: '`UNAVAILABLE`',
  },
  {
    what: 'commands in progress (`commandGuard`)',
    bound: '`MAX_COMMANDS_UNDER_WAY`; a command that has timed out counts until it has ended',
    beyond: '`UNAVAILABLE`',
  },
  {
    what: 'of these, those of one user (`userWork`)',
    bound: '`MAX_COMMANDS_PER_USER`; `MAX_COMMANDS_RUNNING_PER_USER` run, the others wait',
    beyond: '`RATE_LIMITED`; other users are unaffected',
  },
  {
    what: 'suppressed log lines (`throttledLog`)',
    bound: '10,000 keys, two numbers each',
    beyond: 'the least recently used key may write again',
  },
  {
    what: 'caches of users and members (`userDirectory`, `access`)',
    bound: '100,000 each, least recently used are removed',
    beyond: 'read again',
  },
  {
    what: 'present users (`presenceService`)',
    bound: 'connections, and those closed less than `PRESENCE_GRACE_MS` ago',
    beyond: '—',
  },
  {
    what: 'last-seen times to be written',
    bound: '50,000',
    beyond: 'the oldest are dropped: last-seen times are best effort',
  },
  {
    what: 'pushes held while revocations cannot be checked (`publisher`)',
    bound: '10,000; while the database is unreachable nothing is committed, so they are small',
    beyond: 'the oldest are dropped: clients recover them with `sync`',
  },
  {
    what: 'bytes waiting for a connection (`backPressure`)',
    bound: '`SOCKET_MAX_WAITING_BYTES` and one answer',
    beyond: 'the connection is closed',
  },
  {
    what: 'presence watched by a connection',
    bound: '`maxWatchedUsers`, replaced by each call',
    beyond: '`VALIDATION`',
  },
  {
    what: 'connections by the second in which their token expires (`sessions`)',
    bound: 'connections',
    beyond: '—',
  },
  {
    what: 'counters of rate limits',
    bound:
      'users (or addresses) per bucket and window, one number each; refused users cause no request to Redis',
    beyond: '—',
  },
  {
    what: 'rate limit requests to Redis',
    bound: '100 ms of commands; then Redis is not asked for a second',
    beyond: 'each process counts on its own',
  },
  {
    what: 'blocks of one user',
    bound:
      '`maxBlocks`; with several processes slightly more, within the second until they see the blocks of each other',
    beyond: '`LIMIT_EXCEEDED`',
  },
  {
    what: 'large groups and channels of one user',
    bound: '`maxLarge`, whoever adds the user; a group that grows large keeps its members',
    beyond: '`LIMIT_EXCEEDED` when joining; listed in `refused` when added',
  },
  {
    what: 'occasions of a conversation',
    bound: '`maxOccasions`',
    beyond: 'the oldest are removed',
  },
  {
    what: 'requests to the database (driver)',
    bound: '10 connections; waiting for one: commands in progress; 10 s per query, 15 s without an answer',
    beyond: '`UNAVAILABLE`',
  },
  {
    what: 'metrics',
    bound: 'labels are names from the tables (events, endpoints, codes, buckets), never client input',
    beyond: '—',
  },
];
