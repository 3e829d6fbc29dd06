import { Option } from 'commander';
import { z } from 'zod';
import type { UserId } from '../../../contract/index.js';
import type { Stored } from '../frame/stored.js';
import { defineTask, type Finding, type Step } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { Stopped } from '../frame/taskErrors.js';
import { importConversation } from '../import/conversation.js';
import { Importer } from '../import/importer.js';
import { readImportMapping } from '../import/mapping.js';
import { Source } from '../import/source.js';
import { sideBySide } from '../frame/sideBySide.js';
import { stageAll } from '../import/stage.js';
import { Staging } from '../import/staging.js';
import { Tally } from '../import/tally.js';
import { findOrphans } from '../import/targets.js';
import { isTimeZone, TimeReader } from '../import/times.js';
import { imported, importedUser } from '../import/undo.js';

const USERS_PER_STEP = 500;

/** Inserts users that do not exist yet. Existing users are not changed. */
async function* importUsers(importer: Importer, staging: Staging): AsyncGenerator<Step> {
  let page: Stored[] = [];
  for await (const row of staging.all('user')) {
    page.push(row);
    if (page.length < USERS_PER_STEP) continue;
    yield* usersStep(importer, page);
    page = [];
  }
  yield* usersStep(importer, page);
}

async function* usersStep(importer: Importer, page: readonly Stored[]): AsyncGenerator<Step> {
  const { models, context } = importer;
  if (context.isStopping()) throw new Stopped();
  const ids = page.map((row) => String(row['id']) as UserId);
  const existing = new Set((await models.users.findByIds(ids)).map(({ _id }) => _id));
  const missing = page.filter((row) => !existing.has(String(row['id']) as UserId));
  if (missing.length === 0) return;
  yield {
    lines: missing.map((row) => `user ${String(row['id'])}`),
    counts: { users: missing.length },
    apply: async (journal) => {
      await importer.prepare();
      const at = new Date();
      await journal.write(missing.map((row) => ({ kind: 'importedUser', id: String(row['id']), at })));
      await models.users.insertMissing(
        missing.map((row) => ({
          _id: String(row['id']) as UserId,
          profile: { name: row['name'] as string | undefined, avatar: row['avatar'] as string | undefined },
        })),
        at,
      );
      return undefined;
    },
  };
}

async function* importAll(
  context: TaskContext,
  { path, timezone }: { path: string; timezone: string },
): AsyncGenerator<Step | Finding> {
  const mapping = readImportMapping(path);
  const source = new Source(context, mapping, path);
  const staging = new Staging(context);
  const importer = new Importer(context, mapping, staging);
  const tally = new Tally();
  const times = new TimeReader(timezone, tally);
  try {
    yield* stageAll({ mapping, source, staging, context, times, tally });
    yield* findOrphans(staging);
    yield* importUsers(importer, staging);
    context.progress.total(await staging.countMessages(), 'importing');
    yield* sideBySide(staging.byTarget(), (chats) => importConversation(importer, chats));
  } finally {
    await staging.drop();
    await source.close();
  }
}

export const importLegacy = defineTask({
  name: 'import-legacy',
  summary: 'imports users, chats and messages from another system',
  help: 'A mapping file describes the source (docs/operations/moving-from.md). A second import adds what is new since the first.',
  kind: 'change',
  options: [
    new Option(
      '--mapping <file>',
      'JSON: collections or files of the other system, and their fields',
    ).makeOptionMandatory(),
    new Option(
      '--timezone <name>',
      'time zone of times without one, such as Europe/Berlin (default: UTC, not the zone of this machine)',
    ),
  ],
  schema: z.object({
    mapping: z.string().min(1),
    timezone: z
      .string()
      .refine(isTimeZone, 'is not a time zone: use an IANA name, such as Europe/Berlin')
      .default('UTC'),
  }),
  entryKinds: [imported, importedUser],
  steps: (context, { mapping, timezone }) => importAll(context, { path: context.pathOf(mapping), timezone }),
});
