import type { EntryView } from './messages.js';
import type { UserView } from './users.js';

export type ChangeKind = 'edit' | 'delete' | 'reaction' | 'pin';

/** One change of a message, with the message as the viewer sees it now. */
export interface ShownChangeView {
  conversationId: string;
  /** Number in the conversation's change log. In an answer to a command that changed nothing: the end of that log. */
  rev: number;
  kind: ChangeKind;
  seq: number;
  userId: string;
  at: string;
  message: EntryView;
  emoji?: string | undefined;
  on?: boolean | undefined;
}

/** Placeholder for a change that the viewer may not see. The viewer's copy of the message stays as it is. */
export interface HiddenChangeView {
  conversationId: string;
  rev: number;
  kind: 'hidden';
  seq?: undefined;
  userId?: undefined;
  at?: undefined;
  message?: undefined;
  emoji?: undefined;
  on?: undefined;
}

/** One entry of a conversation's change log as one viewer sees it. */
export type ChangeView = ShownChangeView | HiddenChangeView;

export interface MessageRef {
  conversationId: string;
  seq: number;
}

/** Empty content removes the caption of an attachment, location or card. A text message cannot become empty. */
export interface EditInput extends MessageRef {
  content: string;
}

export interface DeleteInput extends MessageRef {
  for: 'me' | 'everyone';
}

export interface ReactInput extends MessageRef {
  emoji: string;
  on: boolean;
}

export interface PinInput extends MessageRef {
  pinned: boolean;
}

export interface ChangesInput {
  conversationId: string;
  afterRev: number;
  limit?: number | undefined;
}

export interface ChangePage {
  changes: ChangeView[];
  rev: number;
  hasMore: boolean;
  /** True when the client named a `rev` that this database does not have: discard and load again. */
  reload?: boolean | undefined;
}

export interface EditView {
  content: string;
  at: string;
}

export interface ReactionOfUser {
  emoji: string;
  user: UserView;
}

export interface ChangeCommands {
  editMessage: { payload: EditInput; data: { change: ShownChangeView } };
  deleteMessage: { payload: DeleteInput; data: { conversationId: string; seq: number; rev: number } };
  react: { payload: ReactInput; data: { change: ShownChangeView } };
  pinMessage: { payload: PinInput; data: { change: ShownChangeView } };
  getChanges: { payload: ChangesInput; data: ChangePage };
  /** Earlier texts, oldest first, of the first hundred edits. */
  getEdits: { payload: MessageRef; data: { edits: EditView[] } };
  /** The first hundred. */
  getReactions: {
    payload: MessageRef & { emoji?: string | undefined };
    data: { reactions: ReactionOfUser[] };
  };
}
