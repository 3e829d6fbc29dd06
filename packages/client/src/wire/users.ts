/** Public profile of a user. Ids are the subjects of the app's tokens: any string. */
export interface UserView {
  _id: string;
  name?: string | undefined;
  avatar?: string | undefined;
}

export interface PresenceView {
  userId: string;
  status: 'online' | 'offline';
  lastSeenAt?: string | undefined;
}

export interface TypingView {
  conversationId: string;
  userId: string;
  typing: boolean;
  /** Milliseconds after which the indicator ends without another one. */
  expiresInMs: number;
}

export interface UserCommands {
  typing: { payload: { conversationId: string; typing: boolean }; data: { expiresInMs: number } };
  /** Replaces the users that this connection watched before; at most `LIMITS.maxWatchedUsers`. */
  'presence:watch': { payload: { userIds: string[] }; data: { presences: PresenceView[] } };
}
