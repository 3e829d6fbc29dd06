export type { Day } from './days.js';
export {
  useConnectionState,
  useConversation,
  useConversations,
  useDirectConversation,
  useOutbox,
  useParleyEvent,
  usePresence,
  useRelativeDay,
  useTyping,
  useUnreadCount,
  useUser,
  type ConversationsView,
  type DirectConversationView,
  type OutboxView,
} from './hooks.js';
export type { DayItem, GapItem, MessageItem, MessageListItem, UnreadItem } from './messageItems.js';
export { nativeLifecycle, type AppStateLike, type NetInfoLike } from './nativeLifecycle.js';
export { ParleyProvider, useParley, type ParleyProviderProps } from './provider.js';
export { useToday } from './today.js';
export {
  useAttachment,
  useUpload,
  useUploads,
  type AttachmentView,
  type ComposerUploads,
} from './uploads.js';
export { useMessages, type MessagesView, type UseMessagesOptions } from './useMessages.js';
