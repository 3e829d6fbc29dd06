import { parseArgs } from 'node:util';
import type mongoose from 'mongoose';
import { z } from 'zod';
import { userId as userIdSchema, type UserId } from '../../contract/index.js';
import { createAuditModel } from '../../backend/src/models/auditModel.js';
import { createChangeMarks } from '../../backend/src/models/changeMarks.js';
import { createUserModel, type UserModel, type UserRecord } from '../../backend/src/models/userModel.js';
import { waitForNextSecond } from '../../backend/src/utils/nextSecond.js';
import { runCommandLine, UsageError } from '../commandLine.js';
import { describeDatabase, openDatabase } from '../data/frame/database.js';
import { recordOperator } from '../keys/operatorAudit.js';

const USAGE = `Usage: npm run users -- ACTION USER [--json] [--dry-run] [--allow-empty]

  show     prints what is stored about a user
  logout   rejects every token issued until now; open connections end within a second
  ban      like logout, and rejects new tokens, too
  unban    accepts tokens of a banned user again

USER is the subject of the user's tokens. The command uses the database of the server: MONGODB_URI, DATABASE_NAME or
DATA_DIR, from the environment or .env. The first line of the output names it. Exit codes: 0 done, 1 no such user, or the
database is not reachable, 2 wrong usage, 4 the database holds nothing of Parley (--allow-empty continues).`;

const ACTIONS = ['show', 'logout', 'ban', 'unban'] as const;
const positionals = z.tuple([z.enum(ACTIONS), userIdSchema]);

interface Task {
  action: (typeof ACTIONS)[number];
  userId: UserId;
  json: boolean;
  dryRun: boolean;
  allowEmpty: boolean;
}

function readTask(args: string[]): Task | 'help' {
  const options = {
    json: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    'allow-empty': { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  const { values, positionals: given } = parseArgs({ args, allowPositionals: true, options });
  if (values.help === true) return 'help';
  const parsed = positionals.safeParse(given);
  if (!parsed.success) throw new UsageError(`Name an action (${ACTIONS.join(', ')}) and a user.`);
  const [action, userId] = parsed.data;
  return {
    action,
    userId,
    json: values.json ?? false,
    dryRun: values['dry-run'] ?? false,
    allowEmpty: values['allow-empty'] ?? false,
  };
}

/** @returns the user after the change; undefined when the user does not exist. */
async function change(
  users: UserModel,
  action: Exclude<Task['action'], 'show'>,
  userId: UserId,
): Promise<UserRecord | undefined> {
  if (action === 'unban') return users.setBan(userId, undefined);
  const now = new Date();
  if (action === 'ban') return users.setBan(userId, now);
  const revoked = await users.revokeTokens(userId, now);
  // Tokens store the time of issue in whole seconds: those of the next second are valid again.
  await waitForNextSecond(now);
  return revoked;
}

function describe(user: UserRecord, { action, dryRun }: Task): string {
  const facts = [
    user.name ?? 'no name',
    user.bannedAt === undefined ? 'not banned' : `banned since ${user.bannedAt.toISOString()}`,
    ...(user.tokensValidFrom ? [`tokens valid from ${user.tokensValidFrom.toISOString()}`] : []),
    ...(user.lastSeenAt ? [`last seen ${user.lastSeenAt.toISOString()}`] : []),
  ];
  return `${dryRun && action !== 'show' ? `Would ${action} ` : ''}${user._id}: ${facts.join(', ')}.`;
}

/**
 * Runs an action. A change is recorded in the audit log.
 *
 * @returns the user after the action; undefined when the user does not exist.
 */
async function apply(
  connection: mongoose.Connection,
  { action, userId, dryRun }: Task,
): Promise<UserRecord | undefined> {
  const users = createUserModel(connection, createChangeMarks(connection));
  const [user] = await users.findByIds([userId]);
  if (user === undefined || dryRun || action === 'show') return user;
  const act = { action: `users ${action}`, targets: { userIds: [userId] } };
  return recordOperator(createAuditModel(connection), act, () => change(users, action, userId));
}

async function run(task: Task): Promise<number> {
  const { database, facts } = await openDatabase(task);
  try {
    // A JSON report contains the database as a field; the operator sees it on standard error.
    (task.json ? console.error : console.log)(describeDatabase(facts));
    const user = await apply(database.connection, task);
    const { action, dryRun, userId } = task;
    if (task.json) {
      console.log(JSON.stringify({ database: facts, action, dryRun, userId, user: user ?? null }));
    } else console.log(user === undefined ? `There is no user ${userId}.` : describe(user, task));
    return user === undefined ? 1 : 0;
  } finally {
    await database.close();
  }
}

await runCommandLine({ usage: USAGE, readTask, run });
