/** Code points of the message that a quote shows. */
export const MAX_QUOTE_CHARS = 200;
/** Users whose presence one connection may watch at a time. */
export const MAX_WATCHED_USERS = 100;

/** Limits of the contract that a client needs to know. Sizes in code points or bytes, times in milliseconds. */
export const LIMITS = {
  /** Code points of a message's text, without white space at its ends. A longer one is refused with `TOO_LARGE`. */
  maxTextChars: 8_000,
  maxUserIdChars: 128,
  maxClientMessageIdChars: 64,
  maxNameChars: 100,
  maxUrlChars: 2_048,
  maxTitleChars: 200,
  maxCommentChars: 1_000,
  maxQuoteChars: MAX_QUOTE_CHARS,
  messagePageDefault: 100,
  messagePageMax: 200,
  conversationPageDefault: 50,
  conversationPageMax: 100,
  changePageDefault: 100,
  changePageMax: 200,
  memberPageDefault: 100,
  memberPageMax: 200,
  searchPageDefault: 20,
  searchPageMax: 50,
  maxSearchWords: 8,
  maxWatchedUsers: MAX_WATCHED_USERS,
  /** Bytes of one socket frame. A larger one ends the connection. */
  maxFrameBytes: 128 * 1024,
  /** Commands of one connection in progress at a time. */
  maxCommandsPerSocket: 100,
  /** Commands of one user that run at a time. Others wait for their turn. */
  maxCommandsRunningPerUser: 8,
  maxUsersPerChange: 100,
  maxAttachments: 10,
  maxAttachmentBytes: 50 * 1024 * 1024,
  maxReactionsPerUser: 5,
  maxPins: 50,
  maxPinnedConversations: 100,
  /** A typing indicator ends after this time without another one. */
  typingExpiresInMs: 6_000,
} as const;
