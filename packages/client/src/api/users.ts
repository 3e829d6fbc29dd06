import type { ReadableStore } from '../observable/readableStore.js';
import type { Presence } from '../state/types.js';
import type { CommandData, CommandPayload, PrivacyView, UserView } from '../wire/index.js';

export interface UsersApi {
  /** Name and picture of a user as far as this device knows them; else only the id. */
  get: (userId: string) => ReadableStore<UserView>;
  /** Presence of a user. Users in the first pages of the list are watched automatically, this one while it is subscribed to. */
  presence: (userId: string) => ReadableStore<Presence | undefined>;
}

export interface SafetyApi {
  block: (userId: string) => Promise<void>;
  unblock: (userId: string) => Promise<void>;
  getBlocked: (page?: CommandPayload<'getBlocked'>) => Promise<CommandData<'getBlocked'>>;
  report: (input: CommandPayload<'report'>) => Promise<{ reportId: string }>;
  unmatch: (conversationId: string) => Promise<void>;
  getPrivacy: () => Promise<PrivacyView>;
  updatePrivacy: (changes: CommandPayload<'updatePrivacy'>) => Promise<PrivacyView>;
  /** For moderators, like the three after it. Reports with the messages around them, oldest first. */
  getReports: (input?: CommandPayload<'getReports'>) => Promise<CommandData<'getReports'>>;
  /** Decides and closes a report. The first decision stays. */
  resolveReport: (input: CommandPayload<'resolveReport'>) => Promise<void>;
  getAudit: (page?: CommandPayload<'getAudit'>) => Promise<CommandData<'getAudit'>>;
  restrictUser: (userId: string, restricted: boolean) => Promise<void>;
}
