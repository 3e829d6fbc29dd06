import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { userId as userIdSchema, type UserId } from '../../contract/index.js';
import { readConfig } from '../../backend/src/config.js';
import { connectDatabase } from '../../backend/src/database/connect.js';
import { createUserModel, type UserModel, type UserRecord } from '../../backend/src/models/userModel.js';
import { createLogger } from '../../backend/src/utils/logger.js';

const USAGE = `Usage: npm run users -- ACTION USER [--json] [--dry-run]

  show     what is known of a user
  logout   every token issued up to now is refused; live connections end within a second
  ban      the same, and no new token lets them in
  unban    lets a banned user in again

USER is the subject of the user's tokens. The database is that of the server: MONGODB_URI, DATABASE_NAME or DATA_DIR,
from the environment or .env. Exit codes: 0 done, 1 no such user, or the database could not be asked, 2 wrong usage.`;

const ACTIONS = ['show', 'logout', 'ban', 'unban'] as const;
const positionals = z.tuple([z.enum(ACTIONS), userIdSchema]);

interface Task {
  action: (typeof ACTIONS)[number];
  userId: UserId;
  json: boolean;
  dryRun: boolean;
}

class UsageError extends Error {}

function readTask(args: string[]): Task | 'help' {
  const options = {
    json: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  const { values, positionals: given } = parseArgs({ args, allowPositionals: true, options });
  if (values.help === true) return 'help';
  const parsed = positionals.safeParse(given);
  if (!parsed.success) throw new UsageError(`Give one of ${ACTIONS.join(', ')}, and a user.`);
  const [action, userId] = parsed.data;
  return { action, userId, json: values.json ?? false, dryRun: values['dry-run'] ?? false };
}

/** @returns the user as they are afterwards; undefined when there is none. */
async function apply(users: UserModel, { action, userId, dryRun }: Task): Promise<UserRecord | undefined> {
  const [user] = await users.findByIds([userId]);
  if (user === undefined || dryRun || action === 'show') return user;
  if (action === 'unban') return users.setBan(userId, undefined);
  const now = new Date();
  if (action === 'ban') return users.setBan(userId, user.bannedAt ?? now);
  // Tokens count whole seconds: the next one is the first whose tokens hold.
  return users.revokeTokens(userId, new Date(Math.ceil(now.getTime() / 1_000) * 1_000));
}

function describe(user: UserRecord, { action, dryRun }: Task): string {
  const facts = [
    user.name ?? 'no name',
    user.bannedAt === undefined ? 'not banned' : `banned since ${user.bannedAt.toISOString()}`,
    ...(user.tokensValidFrom ? [`tokens hold from ${user.tokensValidFrom.toISOString()} on`] : []),
    ...(user.lastSeenAt ? [`last seen ${user.lastSeenAt.toISOString()}`] : []),
  ];
  return `${dryRun && action !== 'show' ? `Would ${action} ` : ''}${user._id}: ${facts.join(', ')}.`;
}

async function run(task: Task): Promise<number> {
  if (existsSync('.env')) loadEnvFile('.env');
  // Only the database is used; a token's key is not needed for it.
  const config = readConfig({ ...process.env, NODE_ENV: 'development' });
  const database = await connectDatabase(config, createLogger({ level: 'silent', pretty: false }));
  try {
    const user = await apply(createUserModel(database.connection), task);
    if (task.json) {
      console.log(
        JSON.stringify({ action: task.action, dryRun: task.dryRun, userId: task.userId, user: user ?? null }),
      );
    } else console.log(user === undefined ? `There is no user ${task.userId}.` : describe(user, task));
    return user === undefined ? 1 : 0;
  } finally {
    await database.close();
  }
}

try {
  const task = readTask(process.argv.slice(2));
  if (task === 'help') console.log(USAGE);
  else process.exitCode = await run(task);
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  console.error(error instanceof Error ? error.message : String(error));
  if (isUsage) console.error(`\n${USAGE}`);
  process.exitCode = isUsage ? 2 : 1;
}
