import { EventEmitter } from 'node:events';
import type { ConversationId, UserId } from '../../../contract/index.js';
import type { Erased } from './ports.js';

interface ServiceEventMap {
  /** This process has changed a profile, a privacy setting, a block or a token's validity. */
  usersChanged: [];
  /** Tokens of a user issued before `validFromMs` (ms since 1970) are revoked. `changedAt` is database time. */
  tokensRevoked: [revoked: { userId: UserId; validFromMs: number; changedAt: Date }];
  /** The visibility of these users to others was changed by any process. */
  visibilityChanged: [userIds: readonly UserId[]];
  /** This process has unmatched two users. */
  unmatched: [userIds: readonly UserId[]];
  /** Users have read conversations up to these positions, reported to this process. */
  read: [reads: readonly { conversationId: ConversationId; userId: UserId; seq: number }[]];
  /** This process has erased the text of a message. */
  erased: [erased: Erased];
  /** The database was restored from a backup while this process ran. The process must be restarted. */
  restored: [];
}

/** Events from services to higher layers. Listeners run synchronously, in order of subscription. */
export class ServiceEvents extends EventEmitter<ServiceEventMap> {}
