import { z } from 'zod';
import { createGroupInput } from '../commands/groups.js';
import { HAS_CONTENT, hasContent, messageFields, ONE_THING, oneThing } from '../inputs.js';
import { LIMITS } from '../limits.js';
import {
  clientMessageId,
  displayName,
  occasionInput,
  pictureUrl,
  storedUserId,
  userId,
} from '../primitives.js';

/** Inputs of the server-side API, where they differ from those of a user's commands. */

/** Profile of a user. Fields that are left out keep their value; `null` removes it. */
export const profileFields = z.strictObject({
  name: displayName.nullable().optional(),
  avatar: pictureUrl.nullable().optional(),
});

/** `SYSTEM_USER_ID` may be named here: its name and picture are shown with system messages. */
export const upsertedUser = profileFields.extend({ userId: storedUserId });

export const upsertUsersInput = z
  .strictObject({ users: z.array(upsertedUser).min(1).max(LIMITS.maxUsersPerUpsert) })
  .refine(({ users }) => new Set(users.map((user) => user.userId)).size === users.length, {
    path: ['users'],
    message: 'must name each user once',
  });
export type UpsertUsersInput = z.output<typeof upsertUsersInput>;

export const tokenRequest = z.strictObject({
  expiresInS: z.int().min(LIMITS.minTokenLifeS).max(LIMITS.maxTokenLifeS).optional(),
});

export const openDirectInput = z
  .strictObject({ userIds: z.tuple([userId, userId]), occasion: occasionInput.optional() })
  .refine(({ userIds: [a, b] }) => a !== b, { path: ['userIds'], message: 'must be two different users' });

/** Without `userId` the conversation is closed by the system: then only the backend opens it again. */
export const closeInput = z.strictObject({ userId: userId.optional() });

export const serverGroupInput = createGroupInput.extend({ ownerId: userId });

/** Without `senderId` the message is a system message. Without `clientMessageId` it follows from the `Idempotency-Key`. */
export const serverMessageInput = messageFields
  .extend({ senderId: userId.optional(), clientMessageId: clientMessageId.optional() })
  .refine(hasContent, HAS_CONTENT)
  .refine(oneThing, ONE_THING);
