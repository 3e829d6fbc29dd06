export { Chat, type ChatProps } from './chat/Chat.js';
export type { AttachFormKind } from './chat/attachForms.js';
export type { AttachmentTray, TrayItem } from './chat/attachmentTray.js';
export { FileContent } from './chat/Contents.js';
export { ImageContent, type ImageContentProps } from './chat/Picture.js';
export { VoiceContent } from './chat/VoiceContent.js';
export { MessageBubble } from './chat/MessageBubble.js';
export { useAttachmentTray } from './chat/useAttachmentTray.js';
export { MessageText } from './chat/MessageText.js';
export type { BubbleProps, ChatSlots, ContentProps, ToolbarProps } from './chat/slots.js';
export { useStyles, useTexts, useUI, type PluralKey, type TextKey, type Translate } from './context.js';
export type { Device, PickedFile, Recording, SoundPlayer, SoundProgress } from './device.js';
export { createDrafts, type Drafts, type KeyValueStorage } from './drafts.js';
export { ConversationList, type ConversationListProps } from './list/ConversationList.js';
export { ConversationRow, type ConversationRowProps } from './list/ConversationRow.js';
export { MatchStrip, type Match, type MatchStripProps } from './list/MatchStrip.js';
export { useChatActions, type ChatActions } from './list/useChatActions.js';
export { MediaViewer, type MediaViewerProps } from './media/MediaViewer.js';
export { VoiceRecorder, type VoiceRecorderProps } from './media/VoiceRecorder.js';
export { cleanText, fits } from './lengths.js';
export { OfflineBanner, type OfflineBannerProps } from './OfflineBanner.js';
export { ParleyUI, type ParleyUIProps } from './ParleyUI.js';
export { useAsk, type Ask } from './parts/Ask.js';
export { Avatar, type AvatarProps } from './parts/Avatar.js';
export { Busy } from './parts/Busy.js';
export { Button, IconButton, type ButtonProps, type IconButtonProps } from './parts/Buttons.js';
export { Dialog, type DialogProps } from './parts/Dialog.js';
export { Empty, type EmptyProps } from './parts/Empty.js';
export { ChoiceRow, Field, SwitchRow, type FieldProps } from './parts/Fields.js';
export { Icon, type IconProps } from './parts/Icon.js';
export type { IconName } from './parts/icons.js';
export { anchorOf, Menu, type Anchor, type MenuItem, type MenuProps } from './parts/Menu.js';
export { Heading, Text, type TextProps } from './parts/Text.js';
export { useAttempt, useToast } from './parts/Toast.js';
export { GroupInfo, type GroupInfoProps } from './people/GroupInfo.js';
export { JoinGroup, type JoinGroupProps } from './people/JoinGroup.js';
export { NewGroup, type NewGroupProps } from './people/GroupForm.js';
export { MemberPicker, type MemberPickerProps } from './people/MemberPicker.js';
export { PersonLine, PersonRow, type PersonRowProps } from './people/PersonRow.js';
export { UserProfile, type UserProfileProps } from './people/UserProfile.js';
export { ActionList, ProfileHead } from './people/Profile.js';
export { ReportDialog, type ReportDialogProps } from './people/ReportDialog.js';
export { Search, type SearchProps } from './search/Search.js';
export { nameOf, titleOf, useClientState } from './state.js';
export {
  createTextLoader,
  directionOf,
  LANGUAGE_NAMES,
  languageFor,
  type Language,
  type TextLoaders,
  type Texts,
  type TextTable,
} from './texts/index.js';
export {
  contrastOf,
  createTheme,
  darkTheme,
  lightTheme,
  type Colors,
  type Sizes,
  type Theme,
  type ThemeOptions,
} from './theme/index.js';
