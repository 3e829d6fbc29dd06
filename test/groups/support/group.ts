import type { ConversationView, CreateGroupInput, EntryView } from '../../../contract/index.js';
import type { TestClient } from '../../support/client.js';
import type { TestServer } from '../../support/server.js';

export type NewGroup = Partial<Omit<CreateGroupInput, 'participants'>> & { participants: readonly string[] };

/** Creates a group (or `input.type`) with these members; the client owns it. */
export async function createGroup(owner: TestClient, input: NewGroup): Promise<ConversationView> {
  return (await owner.ok('createGroup', { name: 'Friends', ...input })).conversation;
}

type Clients<Ids extends readonly unknown[]> = { [Place in keyof Ids]: TestClient };

/** Connects each of these users. */
export const connectAll = <const Ids extends readonly string[]>(
  server: TestServer,
  ids: Ids,
): Promise<Clients<Ids>> =>
  Promise.all(ids.map((id) => server.connectAs(id))) as Promise<unknown> as Promise<Clients<Ids>>;

/** Returns everything that a member sees of a conversation's log. */
export async function readLog(client: TestClient, conversationId: string): Promise<EntryView[]> {
  const entries: EntryView[] = [];
  for (let after = 0; ;) {
    const page = await client.ok('getMessages', { conversationId, after, limit: 200 });
    entries.push(...page.messages);
    after = page.messages.at(-1)?.seq ?? after;
    if (!page.hasMore) return entries;
  }
}

/** Returns the ids of all members, from the pages of the member list. */
export async function listMembers(client: TestClient, conversationId: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await client.ok('getMembers', { conversationId, limit: 200, ...(cursor && { cursor }) });
    ids.push(...page.members.map(({ _id }) => _id));
    cursor = page.nextCursor;
    if (cursor === undefined) return ids;
  }
}

/** Returns 1 … n, the expected `seq`s of a whole log. */
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);
