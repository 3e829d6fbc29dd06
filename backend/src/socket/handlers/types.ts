import type { ConversationService } from '../../services/conversationService.js';
import type { HistoryService } from '../../services/historyService.js';
import type { MessageService } from '../../services/messageService.js';
import type { PresenceService } from '../../services/presenceService.js';
import type { ReceiptService } from '../../services/receiptService.js';
import type { SyncService } from '../../services/syncService.js';
import type { TypingService } from '../../services/typingService.js';
import type { TokenVerifier } from '../../services/tokens.js';
import type { UserDirectory } from '../../services/userDirectory.js';
import type { Principal } from '../../services/tokens.js';
import type { Sessions } from '../sessions.js';
import type { ChatSocket } from '../types.js';

export interface HandlerParts {
  conversations: ConversationService;
  messages: MessageService;
  history: HistoryService;
  receipts: ReceiptService;
  sync: SyncService;
  typing: TypingService;
  presence: PresenceService;
  sessions: Sessions;
  tokens: TokenVerifier;
  users: UserDirectory;
}

/** A parsed command of an authenticated connection. */
export interface CommandContext {
  principal: Principal;
  socket: ChatSocket;
}
