import type { ReactNode } from 'react';
import type { Attachment, Conversation, Message } from '@parley/client';
import type { MessageItem } from '@parley/react';

export interface BubbleProps {
  item: MessageItem;
  conversationType: Conversation['type'];
}

export interface ContentProps extends BubbleProps {
  message: Message;
}

export interface ToolbarProps {
  conversation: Conversation;
  text: string;
  setText: (text: string) => void;
  send: () => void;
}

/**
 * Parts of a chat that an app may draw itself, under the names of gifted-chat. Each receives what the built-in part receives,
 * so that it can also wrap it: `renderBubble={(props) => <Frame><MessageBubble {...props} /></Frame>}`. Keep the functions
 * outside of rendering: a new one renders every row.
 */
export interface ChatSlots {
  renderBubble?: ((props: BubbleProps) => ReactNode) | undefined;
  renderMessageText?: ((props: BubbleProps) => ReactNode) | undefined;
  renderMessageImage?: ((props: ContentProps & { attachment: Attachment }) => ReactNode) | undefined;
  renderMessageAudio?: ((props: ContentProps & { attachment: Attachment }) => ReactNode) | undefined;
  renderMessageFile?: ((props: ContentProps & { attachment: Attachment }) => ReactNode) | undefined;
  renderMessageLocation?: ((props: ContentProps) => ReactNode) | undefined;
  renderMessageCard?: ((props: ContentProps) => ReactNode) | undefined;
  renderSystemMessage?: ((props: ContentProps) => ReactNode) | undefined;
  renderAvatar?: ((props: BubbleProps) => ReactNode) | undefined;
  renderTime?: ((props: BubbleProps) => ReactNode) | undefined;
  renderTicks?: ((props: BubbleProps) => ReactNode) | undefined;
  /** @param day for example `2026-11-29` */
  renderDay?: ((props: { day: string }) => ReactNode) | undefined;
  renderChatEmpty?: (() => ReactNode) | undefined;
  renderFooter?: (() => ReactNode) | undefined;
  renderHeader?: ((props: { conversation: Conversation }) => ReactNode) | undefined;
  renderInputToolbar?: ((props: ToolbarProps) => ReactNode) | undefined;
  renderActions?: ((props: ToolbarProps) => ReactNode) | undefined;
  renderSend?: ((props: ToolbarProps) => ReactNode) | undefined;
}
