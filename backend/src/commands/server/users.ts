import type { AccountView } from '../../../../contract/index.js';
import type { UserRecord } from '../../models/userModel.js';
import { AppError } from '../../utils/appError.js';
import type { ServerCommandDeps, ServerHandlers } from './types.js';

type UserEndpoints =
  | 'upsertUser'
  | 'upsertUsers'
  | 'getUser'
  | 'deleteUser'
  | 'banUser'
  | 'unbanUser'
  | 'revokeUserTokens'
  | 'issueToken'
  | 'getUserUnread';

const timeOf = <Name extends string>(name: Name, at: Date | undefined): Partial<Record<Name, string>> =>
  at === undefined ? {} : ({ [name]: at.toISOString() } as Record<Name, string>);

const toAccountView = (user: UserRecord): AccountView => ({
  _id: user._id,
  ...(user.name !== undefined && { name: user.name }),
  ...(user.avatar !== undefined && { avatar: user.avatar }),
  createdAt: user.createdAt.toISOString(),
  ...timeOf('lastSeenAt', user.lastSeenAt),
  ...timeOf('bannedAt', user.bannedAt),
  ...timeOf('deletedAt', user.deletedAt),
  ...timeOf('restrictedAt', user.restrictedAt),
  ...timeOf('tokensValidFrom', user.tokensValidFrom),
});

const noSuchUser = (): AppError => new AppError('NOT_FOUND', 'There is no such user.');

/** Users of the app: profiles, bans and tokens. */
export const serverUserCommands = ({
  services: { users, unread },
  tokenIssuer,
}: ServerCommandDeps): ServerHandlers<UserEndpoints> => ({
  upsertUser: async ({ params: { userId }, body }) => ({
    userId,
    created: (await users.upsertProfiles([{ _id: userId, ...body }])) === 1,
  }),
  upsertUsers: async ({ body }) => {
    const profiles = body.users.map(({ userId: _id, ...profile }) => ({ _id, ...profile }));
    const createdCount = await users.upsertProfiles(profiles);
    return { createdCount, updatedCount: profiles.length - createdCount };
  },
  getUser: async ({ params: { userId } }) => {
    const user = await users.read(userId);
    if (user === undefined) throw noSuchUser();
    return { user: toAccountView(user) };
  },
  deleteUser: async ({ params: { userId } }) => {
    await users.delete(userId);
    return { userId };
  },
  banUser: async ({ params: { userId } }) => {
    await users.setBan(userId, true);
    return { userId };
  },
  unbanUser: async ({ params: { userId } }) => {
    await users.setBan(userId, false);
    return { userId };
  },
  revokeUserTokens: async ({ params: { userId } }) => {
    if ((await users.read(userId)) === undefined) throw noSuchUser();
    return { tokensValidFrom: (await users.revokeTokens(userId)).toISOString() };
  },
  issueToken: async ({ params: { userId }, body }) => {
    const user = await users.read(userId);
    if (user?.bannedAt !== undefined) throw new AppError('FORBIDDEN', 'This user is banned.');
    return tokenIssuer.issue(userId, body?.expiresInS);
  },
  getUserUnread: ({ params: { userId } }) => unread.totals(userId),
});
