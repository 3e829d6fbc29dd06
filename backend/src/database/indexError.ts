import type { IndexObstacle } from '../models/indexObstacles.js';

/**
 * Stored documents or existing indexes prevent indexes from being created. The message has one sentence per obstacle,
 * with the command that resolves it.
 */
export class IndexError extends Error {
  override readonly name = 'IndexError';

  constructor(
    readonly obstacles: readonly IndexObstacle[],
    cause: unknown,
  ) {
    super(obstacles.map(describeObstacle).join('\n'), { cause });
  }
}

const PAIR_INDEX = 'conversations.participantsKey_1';
const PAGE = 'docs/operations/an-index-cannot-be-made.md';

/**
 * Text for duplicate values of a unique index: one or several groups, the command that repairs them, and the
 * documentation page.
 */
interface ObstacleText {
  one: string;
  many: string;
  help: string;
  page: string;
}

const messageText = (values: string): ObstacleText => ({
  one: `group of messages has ${values}`,
  many: `groups of messages have ${values}`,
  help: '`npm run data -- place-messages` repairs them',
  page: PAGE,
});
const TEXTS: Record<string, ObstacleText> = {
  [PAIR_INDEX]: {
    one: 'pair has duplicates',
    many: 'pairs have duplicates',
    help: '`npm run data -- harden` merges them and creates the index',
    page: 'docs/operations/i-have-duplicates.md',
  },
  'messages.conversationId_1_seq_1': messageText('the same seq, or none'),
  'messages.conversationId_1_senderId_1_clientMessageId_1': messageText('the same clientMessageId, or none'),
};
const DEFAULT_TEXT: ObstacleText = {
  one: 'group of documents has the same values',
  many: 'groups of documents have the same values',
  help: '`npm run data -- sync-indexes --dry-run` lists them, so that you can decide which one to keep',
  page: PAGE,
};

/** Describes in one sentence why an index cannot be created, which command resolves it, and which page explains it. */
export function describeObstacle(obstacle: IndexObstacle): string {
  const index = `${obstacle.collection}.${obstacle.name}`;
  if (obstacle.kind === 'differs') {
    const replaced = `sync-indexes --replace ${obstacle.collection}.${obstacle.existing}`;
    const help = `\`npm run data -- ${index === PAIR_INDEX ? 'harden' : replaced}\` recreates it`;
    return `The index ${index} cannot be created: ${obstacle.existing} exists, and ${obstacle.difference}. ${help} (${PAGE}).`;
  }
  const { one, many, help, page } = TEXTS[index] ?? DEFAULT_TEXT;
  const { groups } = obstacle;
  const what = groups === undefined ? `some ${many}` : `${groups} ${groups === 1 ? one : many}`;
  return `The unique index ${index} cannot be created: ${what}. ${help} (${page}).`;
}
