import { createContext, useContext } from 'react';
import type { Conversation, Message } from '@parley/client';
import type { MessageItem } from '@parley/react';
import type { Anchor } from '../parts/Menu.js';
import type { ChatSlots } from './slots.js';

/** Requests of parts of a chat to the chat. The functions never change. */
export interface ChatCommands {
  openActions: (item: MessageItem, anchor: Anchor | undefined) => void;
  reply: (message: Message) => void;
  edit: (message: Message) => void;
  react: (message: Message, emoji: string) => void;
  /** Shows a message, however old it is. */
  jumpTo: (seq: number) => void;
  openMedia: (message: Message, index: number) => void;
  openInfo: (message: Message) => void;
  report: (message: Message) => void;
  goToDay: () => void;
}

/** Never changes while a chat is open: rows render again only for their own message. */
export interface ChatContextValue {
  conversationId: string;
  conversationType: Conversation['type'];
  slots: ChatSlots;
  commands: ChatCommands;
}

export const ChatContext = createContext<ChatContextValue | undefined>(undefined);
/** Changes with every message. */
export const ConversationContext = createContext<Conversation | undefined>(undefined);

export function useChat(): ChatContextValue {
  const value = useContext(ChatContext);
  if (value === undefined) throw new Error('This component needs a <Chat> above it.');
  return value;
}

/** Returns the current state of the conversation. Not for rows: it changes with every message. */
export function useOpenConversation(): Conversation {
  const conversation = useContext(ConversationContext);
  if (conversation === undefined) throw new Error('This component needs a <Chat> above it.');
  return conversation;
}
