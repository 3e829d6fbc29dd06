import { z } from 'zod';
import { card, location, sentAttachment } from './content.js';
import { LIMITS } from './limits.js';
import {
  captionText,
  clientMessageId,
  conversationId,
  cursor,
  displayName,
  messageId,
  occasionInput,
  pictureUrl,
  seq,
  seqOrZero,
  token,
  userId,
} from './primitives.js';

export const directInput = z.strictObject({ otherUserId: userId, occasion: occasionInput.optional() });

export const listInput = z.strictObject({
  limit: z.int().min(1).max(LIMITS.conversationPageMax).optional(),
  cursor: cursor.optional(),
  /** Default: all conversations that are not archived. */
  filter: z.enum(['unread', 'archived', 'groups']).optional(),
});
export type ListInput = z.infer<typeof listInput>;

export const conversationInput = z.strictObject({ conversationId });

export const messageFields = z.strictObject({
  content: captionText.optional(),
  clientMessageId,
  replyTo: seq.optional(),
  attachments: z.array(sentAttachment).min(1).max(LIMITS.maxAttachments).optional(),
  location: location.optional(),
  card: card.optional(),
});

type Carried = Pick<z.infer<typeof messageFields>, 'content' | 'attachments' | 'location' | 'card'>;

export const hasContent = ({ content, attachments, location: place, card: shown }: Carried): boolean =>
  (content ?? '') !== '' || attachments !== undefined || place !== undefined || shown !== undefined;
export const HAS_CONTENT = { message: 'must not be empty', path: ['content'] };
export const oneThing = ({ attachments, location: place, card: shown }: Carried): boolean =>
  [attachments, place, shown].filter((one) => one !== undefined).length <= 1;
export const ONE_THING = 'give at most one of attachments, location and card';

/** A message to send. The conversation id is in the payload (socket) or the path (HTTP). */
export const messageInput = messageFields.refine(hasContent, HAS_CONTENT).refine(oneThing, ONE_THING);
export const sendInput = messageFields
  .extend({ conversationId })
  .refine(hasContent, HAS_CONTENT)
  .refine(oneThing, ONE_THING);
export type SendInput = z.infer<typeof sendInput>;

/** Range of a page: at most one of `before`, `after` and `around`. None of them means the newest page. */
export const pageInput = z.strictObject({
  before: seq.optional(),
  after: seqOrZero.optional(),
  around: seq.optional(),
  limit: z.int().min(1).max(LIMITS.messagePageMax).optional(),
});
export type PageInput = z.infer<typeof pageInput>;

const oneAnchor = (page: PageInput): boolean =>
  [page.before, page.after, page.around].filter((anchor) => anchor !== undefined).length <= 1;
const ONE_ANCHOR = 'give at most one of before, after and around';

export const historyPageInput = pageInput.refine(oneAnchor, ONE_ANCHOR);
export const historyInput = pageInput.extend({ conversationId }).refine(oneAnchor, ONE_ANCHOR);

const onePlace = (input: { seq?: unknown; messageId?: unknown }): boolean =>
  (input.seq === undefined) !== (input.messageId === undefined);
const ONE_PLACE = 'give either seq or messageId';

const place = z.strictObject({ seq: seq.optional(), messageId: messageId.optional() });
export const placeInput = place.refine(onePlace, ONE_PLACE);
export const positionInput = place.extend({ conversationId }).refine(onePlace, ONE_PLACE);
export type PositionInput = z.infer<typeof positionInput>;

export const typingInput = z.strictObject({ conversationId, typing: z.boolean() });
export const syncInput = z.strictObject({ cursor: cursor.optional() });
export const tokenInput = z.strictObject({ token });
export const watchInput = z.strictObject({ userIds: z.array(userId).max(LIMITS.maxWatchedUsers) });

export const profileInput = z
  .strictObject({ name: displayName.optional(), avatar: pictureUrl.optional() })
  .refine((profile) => profile.name !== undefined || profile.avatar !== undefined, 'give name or avatar');

/** Either the other user, or both users with the caller among them, as older backends send it. */
export const createOrGetInput = z
  .strictObject({
    otherUserId: userId.optional(),
    participants: z.tuple([userId, userId]).optional(),
    occasion: occasionInput.optional(),
  })
  .refine(
    (input) => (input.otherUserId === undefined) !== (input.participants === undefined),
    'give either otherUserId or participants',
  );

export const startInput = z.strictObject({ otherUserId: userId, occasion: occasionInput });
