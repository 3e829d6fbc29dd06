export { AttachmentViews, fileHeaders, THUMBNAIL_HEADERS } from './attachmentViews.js';
export {
  ConversationViews,
  findLargePositions,
  findPositions,
  groupPositions,
  type PositionDeps,
} from './conversationViews.js';
export { toHidden } from './hiddenMessage.js';
export {
  isArchived,
  isListed,
  isMuted,
  isClosedOrMerged,
  type MemberSettings,
  needsConversation,
} from './memberSettings.js';
export { toMessageView, withoutDeliveryStatus } from './messageView.js';
export { type LoadedConversations, MessageViews } from './messageViews.js';
export { displayEmoji, withOwnReactions } from './reactionViews.js';
export { toSettingsView } from './settingsView.js';
