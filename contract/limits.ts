/** Every bound a client can meet, in one place. Sizes in characters (code points) or bytes, times in ms. */
export const LIMITS = {
  /** Characters of a message's text; longer is `TOO_LARGE`. */
  maxTextChars: 8_000,
  /** Characters of a user id (the token's subject). */
  maxUserIdChars: 128,
  maxClientMessageIdChars: 64,
  maxNameChars: 100,
  maxUrlChars: 2_048,
  maxTitleChars: 200,
  /** An order number, a SKU: whatever the app calls the occasion of a chat. */
  maxOccasionIdChars: 128,
  /** Occasions kept per conversation; the oldest give way. */
  maxOccasions: 50,
  maxTokenChars: 8_192,
  maxCursorChars: 512,
  messagePageDefault: 100,
  messagePageMax: 200,
  conversationPageDefault: 50,
  conversationPageMax: 100,
  syncPage: 100,
  /** Users whose presence one socket may watch at a time. */
  maxWatchedUsers: 100,
  /** Bytes of one socket frame; a larger one ends the connection. */
  maxFrameBytes: 128 * 1024,
  /** Bytes of an HTTP body. */
  maxBodyBytes: 128 * 1024,
  /** Bytes that may wait for one connection's reader; beyond it the connection ends (`SOCKET_MAX_WAITING_BYTES`). */
  maxWaitingBytesPerSocket: 1024 * 1024,
  /** Commands of one connection that may be under way at a time (`MAX_COMMANDS_PER_SOCKET`). */
  maxCommandsPerSocket: 100,
  /** Live connections of one user per server process; beyond it the oldest ends (`MAX_SOCKETS_PER_USER`). */
  maxSocketsPerUser: 20,
  /** Commands refused by the client's fault in a row, without a success in between, after which a connection ends. */
  maxRefusalsInARow: 1_000,
  /** Members by kind of conversation. A group is large above `small`, and small again below `backToSmall`. */
  sizes: { direct: 2, small: 50, large: 1_000, backToSmall: 40 },
  /** Users named in one command that adds members. */
  maxUsersPerChange: 100,
  maxAttachments: 10,
  /** Bytes that an attachment may say it has. */
  maxAttachmentBytes: 50 * 1024 * 1024,
  /** Code points of one reaction. */
  maxEmojiChars: 16,
  /** Different reactions of one message, and of one user on it. */
  maxReactions: 20,
  maxReactionsPerUser: 5,
  /** Pinned messages of a conversation, and pinned conversations of a user. */
  maxPins: 50,
  maxPinnedConversations: 100,
  /** Large groups and channels of one user. */
  maxApart: 500,
  /** Characters of a quoted message shown with its reply. */
  maxQuoteChars: 200,
  maxCommentChars: 1_000,
  /** Words of one search. */
  maxSearchWords: 8,
  /** Different words by which one message is found; those behind them are not looked for. */
  maxWordsPerMessage: 256,
  /** Characters of a word that search looks at. */
  maxSearchWordChars: 32,
  searchPageDefault: 20,
  searchPageMax: 50,
  memberPageDefault: 100,
  memberPageMax: 200,
  changePageDefault: 100,
  changePageMax: 200,
  /** Messages on either side of a reported one that a moderator sees. */
  reportContext: 10,
  /** A typing notice fades after this long without another. */
  typingExpiresInMs: 6_000,
} as const;
