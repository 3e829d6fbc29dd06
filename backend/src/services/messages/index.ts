export { HistoryService } from './historyService.js';
export { MessagePublisher } from './messagePublisher.js';
export { MessageService } from './messageService.js';
export { OwnMessages } from './ownMessages.js';
export { RecentWindows } from './recentWindows.js';
export { MemoryWindowCache, NoWindowCache } from './windowCache.js';
