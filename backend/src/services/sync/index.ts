export { SyncService } from './syncService.js';
