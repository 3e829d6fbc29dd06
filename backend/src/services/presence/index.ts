export { PresenceService } from './presenceService.js';
export { TypingService } from './typingService.js';
