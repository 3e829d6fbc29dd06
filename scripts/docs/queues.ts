interface Queue {
  what: string;
  bound: string;
  beyond: string;
}

/** Every queue, map and batcher of the server that lives longer than one command. */
export const QUEUES: readonly Queue[] = [
  {
    what: 'commit log, messages waiting (`commitLog`)',
    bound: '`COMMIT_MAX_WAITING`, 20,000; repeats waiting for the same answer: as many again',
    beyond: '`UNAVAILABLE`',
  },
  {
    what: 'of those, one sender’s (`shares`)',
    bound: '`COMMIT_MAX_WAITING_PER_USER`, 1,000, repeats included',
    beyond: '`RATE_LIMITED`; others go on',
  },
  {
    what: 'commit log, lanes',
    bound: 'with something waiting: as the messages; idle: 50,000, least recently used go',
    beyond: 'read again',
  },
  {
    what: 'summaries owed (`summaries`)',
    bound: '50,000 conversations, one entry each',
    beyond: 'sends are `UNAVAILABLE` until it has caught up',
  },
  {
    what: 'summaries written a moment ago',
    bound: 'two generations of 15 s: what the database has taken in that time',
    beyond: '—',
  },
  {
    what: 'positions waiting (`receiptService`)',
    bound: '20,000, one per person and conversation; later ones are merged into it',
    beyond: '`UNAVAILABLE`',
  },
  {
    what: 'users to be read or made (`TickBatcher`)',
    bound: 'commands and handshakes under way: `MAX_COMMANDS_UNDER_WAY`',
    beyond: '`UNAVAILABLE`',
  },
  {
    what: 'commands under way (`gate`)',
    bound: '`MAX_COMMANDS_UNDER_WAY`; one that was answered “took too long” counts until it has ended',
    beyond: '`UNAVAILABLE`',
  },
  {
    what: 'users known, members known (`userDirectory`, `access`)',
    bound: '100,000 each, least recently used go',
    beyond: 'read again',
  },
  {
    what: 'who is present (`presenceService`)',
    bound: 'connections, and those gone less than `PRESENCE_GRACE_MS` ago',
    beyond: '—',
  },
  {
    what: 'last-seen times to be written',
    bound: '50,000',
    beyond: 'the oldest are dropped: a courtesy, not a record',
  },
  {
    what: 'pushes held while revocations cannot be asked (`publisher`)',
    bound: '10,000; while the database is away nothing is committed, so they are small',
    beyond: 'the oldest are dropped: `sync` finds what they told',
  },
  {
    what: 'bytes waiting for a connection (`backPressure`)',
    bound: '`SOCKET_MAX_WAITING_BYTES` and one answer',
    beyond: 'the connection ends',
  },
  {
    what: 'presence watched by a connection',
    bound: '`maxWatchedUsers`, replaced by each call',
    beyond: '`VALIDATION`',
  },
  {
    what: 'connections by the second of their expiry (`sessions`)',
    bound: 'connections',
    beyond: '—',
  },
  {
    what: 'counters of rate limits',
    bound:
      'users (or addresses) per bucket and window, one number each; refused users cost no round trip to Redis',
    beyond: '—',
  },
  {
    what: 'questions to Redis about rates',
    bound: '100 ms of commands; then Redis rests for a second',
    beyond: 'each process counts for itself',
  },
  {
    what: 'occasions of a conversation',
    bound: '`maxOccasions`',
    beyond: 'the oldest give way',
  },
  {
    what: 'requests to the database (driver)',
    bound: '10 connections; waiting for one: commands under way; 10 s per query, 15 s of silence',
    beyond: '`UNAVAILABLE`',
  },
  {
    what: 'metrics',
    bound: 'labels are names of the tables (events, endpoints, codes, buckets), never what a client sends',
    beyond: '—',
  },
];
