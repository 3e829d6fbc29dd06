/**
 * Limits that clients can meet. Sizes are in characters or bytes, times in ms. A character is a Unicode code point. White
 * space at the ends of a text is removed and not counted (`textLength`).
 */
export const LIMITS = {
  /** Characters of a message's text. A longer one is refused with `TOO_LARGE`. */
  maxTextChars: 8_000,
  /** Characters of a user id (the token's subject). */
  maxUserIdChars: 128,
  maxClientMessageIdChars: 64,
  maxNameChars: 100,
  /** Characters of a URL after normalization by the URL standard. */
  maxUrlChars: 2_048,
  maxMediaTypeChars: 200,
  maxTitleChars: 200,
  /** Characters of an occasion's id: an order number or a SKU, for example. */
  maxOccasionIdChars: 128,
  /** Occasions kept per conversation. A new one replaces the oldest. */
  maxOccasions: 50,
  maxTokenChars: 8_192,
  maxCursorChars: 512,
  messagePageDefault: 100,
  messagePageMax: 200,
  conversationPageDefault: 50,
  conversationPageMax: 100,
  syncPage: 100,
  /** Users whose presence one connection may watch at a time. */
  maxWatchedUsers: 100,
  /** Bytes of one socket frame. A larger one ends the connection. */
  maxFrameBytes: 128 * 1024,
  /** Bytes of an HTTP request body. */
  maxBodyBytes: 128 * 1024,
  /** Bytes of the body of a request with an API key. */
  maxServerBodyBytes: 4 * 1024 * 1024,
  /** Users in one call of the server-side API that creates or updates users. */
  maxUsersPerUpsert: 1_000,
  /** Characters of an `Idempotency-Key`. */
  maxIdempotencyKeyChars: 128,
  /** Lifetime of a token that the server issues, in seconds. */
  minTokenLifeS: 60,
  maxTokenLifeS: 86_400,
  /** Webhooks of a server. */
  maxWebhooks: 50,
  /** Longest time for which the old secret of a webhook signs as well, in hours. */
  maxWebhookOverlapHours: 744,
  auditPageDefault: 100,
  auditPageMax: 200,
  /** Bytes that may be buffered for one connection. Beyond it the connection ends (`SOCKET_MAX_WAITING_BYTES`). */
  maxWaitingBytesPerSocket: 1024 * 1024,
  /** Commands of one connection in progress at a time (`MAX_COMMANDS_PER_SOCKET`). */
  maxCommandsPerSocket: 100,
  /** Commands of one user in progress at a time, over all connections and HTTP (`MAX_COMMANDS_PER_USER`). */
  maxCommandsPerUser: 500,
  /** Commands of one user that run at a time. Others wait for their turn (`MAX_COMMANDS_RUNNING_PER_USER`). */
  maxCommandsRunningPerUser: 8,
  /** Connections of one user per server process. Beyond it the oldest one ends (`MAX_SOCKETS_PER_USER`). */
  maxSocketsPerUser: 20,
  /** Consecutive refused commands, without a success in between, after which a connection ends. */
  maxRefusalsInARow: 1_000,
  /** Members by kind of conversation. A group is large above `small`, and small again below `backToSmall`. */
  sizes: { direct: 2, small: 50, large: 1_000, backToSmall: 40 },
  /** Users named in one command that adds members. */
  maxUsersPerChange: 100,
  maxAttachments: 10,
  /** Value of an attachment's `sizeBytes`, and bytes of an uploaded file (`ATTACHMENT_MAX_BYTES`). */
  maxAttachmentBytes: 50 * 1024 * 1024,
  /** Characters of a file's name. */
  maxFileNameChars: 200,
  /** Files of this size and more are uploaded in parts of it. The last part is smaller. */
  uploadPartBytes: 8 * 1024 * 1024,
  /** Unfinished uploads of one user at a time (`ATTACHMENTS_PENDING`). */
  maxPendingAttachments: 20,
  /** Files that one user may upload in a day, and their bytes (`ATTACHMENTS_PER_DAY`, `ATTACHMENT_BYTES_PER_DAY`). */
  maxAttachmentsPerDay: 500,
  maxAttachmentBytesPerDay: 2 * 1024 * 1024 * 1024,
  /** Longest side of an image after the upload, in pixels (`IMAGE_MAX_SIDE`). */
  maxImageSide: 2_560,
  /** Longest side of its thumbnail, in pixels. There is one size. */
  thumbnailSide: 400,
  /** Pixels of an uploaded image, over all frames. A larger one is rejected. */
  maxImagePixels: 50_000_000,
  /** Values of a voice note's waveform. */
  waveformValues: 64,
  /** Time for which the URL of an upload is valid. Ask for a new one with `getUpload`. */
  uploadUrlMs: 15 * 60_000,
  /** Time after which an unfinished or unsent upload is removed. */
  unsentAttachmentMs: 24 * 3_600_000,
  /** Code points of one reaction. */
  maxEmojiChars: 16,
  /** Different reactions on one message, and of one user on it. */
  maxReactions: 20,
  maxReactionsPerUser: 5,
  /** Pinned messages of a conversation, and pinned conversations of a user. */
  maxPins: 50,
  maxPinnedConversations: 100,
  /** Large groups and channels of one user. */
  maxLarge: 500,
  /** Users that one user may have blocked at a time. */
  maxBlocks: 5_000,
  /** Characters of a quoted message shown with its reply. */
  maxQuoteChars: 200,
  maxCommentChars: 1_000,
  /** Words of one search. */
  maxSearchWords: 8,
  /** Different words of a message that are indexed for search. Later ones are not found. */
  maxWordsPerMessage: 256,
  /** Characters of a word that search compares. */
  maxSearchWordChars: 32,
  searchPageDefault: 20,
  searchPageMax: 50,
  memberPageDefault: 100,
  memberPageMax: 200,
  changePageDefault: 100,
  changePageMax: 200,
  /** Messages before and after a reported one that moderators see. */
  reportContext: 10,
  /** Registered devices of one user. A further one replaces the one that was registered longest ago. */
  maxDevices: 20,
  maxDeviceTokenChars: 4_096,
  maxLocaleChars: 35,
  maxAppVersionChars: 64,
  /** A typing indicator ends after this time without another one. */
  typingExpiresInMs: 6_000,
} as const;
