import type { ArchiveModel } from '../../models/archiveModel.js';
import type { ChangeModel } from '../../models/changeModel.js';
import type { ChangedMessages } from '../../models/changedMessages.js';
import type { ReactionModel } from '../../models/reactionModel.js';
import type { Erased, WindowCache } from '../ports.js';
import type { Ledger } from './ledger.js';

export interface ErasureParts {
  archive: Pick<ArchiveModel, 'erase'>;
  changedMessages: Pick<ChangedMessages, 'apply'>;
  changes: Pick<ChangeModel, 'dropTexts'>;
  reactions: Pick<ReactionModel, 'removeOf'>;
  windows: Pick<WindowCache, 'remove'>;
  /** Tells the other processes to forget their copies. */
  onErased: (erased: Erased) => void;
}

interface TextPlace {
  /** The collection, or what it is. */
  place: string;
  what: string;
  /** Takes the text out; safe to repeat. Where nothing is kept there is nothing to do. */
  erase: (parts: ErasureParts, ledger: Ledger) => Promise<void> | void;
}

/**
 * The one table of where the text of a message lives. Deleting a message for everyone goes through all of it, in this
 * order, before the deletion is answered; a test looks for a deleted text in every collection and in Redis. Whatever
 * keeps text in another place (an archive, a search index, a journal) gets its row here.
 */
export const TEXT_PLACES: readonly TextPlace[] = [
  {
    place: 'messages',
    what: 'content, attachments, location, card, words for search',
    erase: ({ changedMessages }, ledger) =>
      changedMessages.apply(ledger.conversationId, ledger.messageChanges()),
  },
  {
    place: 'archived_messages',
    what: 'content, attachments, location, card of an old message',
    erase: ({ archive }, ledger) => archive.erase(ledger.conversationId, ledger.deletedMessages()),
  },
  {
    place: 'changes',
    what: 'what an edit made of a text, and what the text was',
    erase: ({ changes }, { conversationId, deleted }) => changes.dropTexts(conversationId, deleted),
  },
  {
    place: 'reactions',
    what: 'signs that others put on it, which may be words',
    erase: ({ reactions }, { conversationId, deleted }) => reactions.removeOf(conversationId, deleted),
  },
  {
    place: 'windows',
    what: 'copies of the newest messages, in memory and in Redis; never used once the log has gone on',
    erase: async ({ windows, onErased }, { conversationId, rev }) => {
      await windows.remove(conversationId, rev);
      onErased({ conversationId, rev });
    },
  },
  { place: 'quotes', what: 'made of the quoted message when they are read', erase: () => undefined },
  { place: 'previews', what: 'made of the newest message when they are read', erase: () => undefined },
];
