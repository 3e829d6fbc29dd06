import { LIMITS, type QuoteView } from '../../../contract/index.js';
import type { ChangedMessages } from '../models/changedMessages.js';
import type { HideModel } from '../models/hideModel.js';
import type { MessageRecord } from '../models/messageModel.js';
import type { Viewer } from './visibility.js';

export interface QuoteParts {
  changedMessages: Pick<ChangedMessages, 'findPlaces'>;
  hides: Pick<HideModel, 'findAmong'>;
}

/**
 * What replies show of the messages that they answer, by the reply's `replyTo`: made when a page is read, so that a
 * quote of a deleted message is empty, and one of a message that the viewer may not see says nothing. A page costs one
 * query, whatever its length.
 */
export async function quotesFor(
  { changedMessages, hides }: QuoteParts,
  viewer: Viewer,
  messages: readonly MessageRecord[],
): Promise<ReadonlyMap<number, QuoteView>> {
  const { conversationId, userId } = viewer;
  const here = new Map(messages.map((message) => [message.seq, message]));
  const wanted = [...new Set(messages.flatMap(({ replyTo }) => replyTo ?? []))];
  if (wanted.length === 0) return new Map();
  const away = wanted.filter((seq) => !here.has(seq));
  const [found, hidden] = await Promise.all([
    changedMessages.findPlaces(conversationId, away),
    hides.findAmong(userId, conversationId, away),
  ]);
  const hiddenSeqs = new Set(hidden);
  for (const message of found) here.set(message.seq, message);
  return new Map(
    wanted.map((seq) => {
      const quoted = here.get(seq);
      const isSeen = quoted !== undefined && viewer.sees(quoted) && !hiddenSeqs.has(seq);
      return [seq, isSeen ? toQuote(quoted) : { seq, kind: 'hidden' }];
    }),
  );
}

function toQuote({ seq, kind, senderId, content, deletedAt }: MessageRecord): QuoteView {
  if (deletedAt !== undefined) return { seq, kind: 'deleted', senderId };
  const beginning = content
    .slice(0, LIMITS.maxQuoteChars)
    .toWellFormed()
    .replace(/\uFFFD$/u, '');
  return { seq, kind, senderId, ...(beginning !== '' && { content: beginning }) };
}
