import type { ArchiveModel } from '../../models/archiveModel.js';
import type { ChangeModel } from '../../models/changeModel.js';
import type { MovedModel } from '../../models/movedModel.js';
import type { ReactionModel } from '../../models/reactionModel.js';
import type { Erased, WindowCache } from '../ports.js';
import type { Ledger } from './ledger.js';

export interface ErasureDeps {
  archive: Pick<ArchiveModel, 'erase'>;
  moved: Pick<MovedModel, 'findOrigins'>;
  changes: Pick<ChangeModel, 'dropTexts'>;
  reactions: Pick<ReactionModel, 'removeByMessages'>;
  windows: Pick<WindowCache, 'remove'>;
  /** Tells the other processes to drop their cached copies. */
  onErased: (erased: Erased) => void;
}

interface TextLocation {
  /** Name of a collection, or a description. */
  location: string;
  /** Texts of a message that are stored there. */
  content: string;
  /** Erases the texts; safe to repeat. Does nothing where no text is stored. */
  erase: (deps: ErasureDeps, ledger: Ledger) => Promise<void> | undefined;
}

/**
 * All locations that store the text of a message. Deleting a message for everyone erases all of them, in this order,
 * before the deletion is answered. A test searches every collection and Redis for a deleted text. Every new location of
 * text (an archive, a search index, a journal) needs a row here.
 */
export const TEXT_LOCATIONS: readonly TextLocation[] = [
  {
    location: 'messages',
    content: 'content, attachments, location, card, search words, hash of the payload',
    // Written with the other changes of messages, before all places below.
    erase: () => undefined,
  },
  {
    location: 'archived_messages',
    content: 'content, attachments, location and card of an old message',
    erase: ({ archive }, ledger) => archive.erase(ledger.conversationId, ledger.deletedMessages()),
  },
  {
    location: 'changes',
    content: 'new and previous text of edits, and the emoji of each reaction that was added or removed',
    erase: ({ changes }, { conversationId, deleted }) => changes.dropTexts(conversationId, deleted),
  },
  {
    location: 'reactions',
    content: 'reactions of other users, which may be words',
    erase: ({ reactions }, { conversationId, deleted }) =>
      reactions.removeByMessages(conversationId, deleted),
  },
  {
    location: 'the log that a message was split from',
    content: 'changes and reactions of users who are not members of its conversation now',
    erase: async ({ moved, changes, reactions }, { conversationId, deleted }) => {
      for (const { from, seqs } of await moved.findOrigins(conversationId, deleted)) {
        await Promise.all([changes.dropTexts(from, seqs), reactions.removeByMessages(from, seqs)]);
      }
    },
  },
  {
    location: 'windows',
    content: 'copies of the newest messages in memory and in Redis; not used once the log has newer changes',
    erase: async ({ windows, onErased }, { conversationId, rev }) => {
      await windows.remove(conversationId, rev);
      onErased({ conversationId, rev });
    },
  },
  {
    location: 'attachments',
    content:
      'names of files: erased, and their objects put on the list of those to delete, before all other places',
    erase: () => undefined,
  },
  { location: 'quotes', content: 'built from the quoted message when they are read', erase: () => undefined },
  {
    location: 'previews',
    content: 'built from the newest message when they are read',
    erase: () => undefined,
  },
  {
    location: 'reports',
    content:
      'position of the message only; a comment is written by the reporter for the moderators and is kept',
    erase: () => undefined,
  },
];
