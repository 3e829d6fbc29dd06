import type { CommandPayload, MessageView } from '../../../contract/index.js';
import type { TestClient } from '../../support/client.js';

type Wanted = Partial<CommandPayload<'searchMessages'>> | Record<string, unknown>;

/** Returns everything that a search finds, page by page. Fails if it does not end. */
export async function findAll(client: TestClient, wanted: Wanted): Promise<MessageView[]> {
  const found: MessageView[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 200; pages += 1) {
    const page = await client.ok('searchMessages', { ...wanted, ...(cursor !== undefined && { cursor }) });
    found.push(...page.messages);
    cursor = page.nextCursor;
    if (cursor === undefined) return found;
  }
  throw new Error('this search does not end');
}

export const textsOf = (messages: readonly MessageView[]): string[] => messages.map(({ content }) => content);

/** Returns the texts that a search finds. */
export const find = async (client: TestClient, wanted: Wanted): Promise<string[]> =>
  textsOf(await findAll(client, wanted));
