import { LIMITS, type QuoteView } from '../../../../contract/index.js';
import type { ChangedMessages } from '../../models/changedMessages.js';
import type { HideModel } from '../../models/hideModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { cutText } from '../../utils/cutText.js';
import type { Viewer } from '../visibility/index.js';

export interface QuoteDeps {
  changedMessages: Pick<ChangedMessages, 'findBySeqs'>;
  hides: Pick<HideModel, 'findHiddenSeqs'>;
}

/**
 * Returns quotes of the messages that replies answer, by the reply's `replyTo`. Quotes are built when a page is read:
 * the quote of a deleted message is empty, and the quote of a message that the viewer may not see is a placeholder.
 * Takes two queries per page, whatever its length.
 */
export async function quotesFor(
  { changedMessages, hides }: QuoteDeps,
  viewer: Viewer,
  messages: readonly MessageRecord[],
): Promise<ReadonlyMap<number, QuoteView>> {
  const { conversationId, userId } = viewer;
  const bySeq = new Map(messages.map((message) => [message.seq, message]));
  const wanted = [...new Set(messages.flatMap(({ replyTo }) => replyTo ?? []))];
  if (wanted.length === 0) return new Map();
  const missing = wanted.filter((seq) => !bySeq.has(seq));
  const [found, hidden] = await Promise.all([
    changedMessages.findBySeqs(conversationId, missing),
    hides.findHiddenSeqs(userId, conversationId, missing),
  ]);
  const hiddenSeqs = new Set(hidden);
  for (const message of found) bySeq.set(message.seq, message);
  return new Map(
    wanted.map((seq) => {
      const quoted = bySeq.get(seq);
      const isSeen = quoted !== undefined && viewer.sees(quoted) && !hiddenSeqs.has(seq);
      return [seq, isSeen ? toQuote(quoted) : { seq, kind: 'hidden' }];
    }),
  );
}

function toQuote({ seq, kind, senderId, content, deletedAt }: MessageRecord): QuoteView {
  if (deletedAt !== undefined) return { seq, kind: 'deleted', senderId };
  const beginning = cutText(content, LIMITS.maxQuoteChars);
  return { seq, kind, senderId, ...(beginning !== '' && { content: beginning }) };
}
