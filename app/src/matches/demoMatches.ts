import { serverAddress } from '../platform/platform.js';
import { readSession } from '../session.js';

/** Matches of the demo, from the part of the app's backend that the demo brings. An app asks its own backend. */
const PATH = '/api/demo/matches';

export interface DemoMatch {
  userId: string;
  conversationId: string;
}

/** Newest first. @throws when nobody is signed in, or the server cannot be reached or does not take the token. */
export const fetchMatches = async (): Promise<DemoMatch[]> =>
  (await request<{ matches: DemoMatch[] }>()).matches;

/**
 * Likes a user of the demo. In case of a match, their chat is open; after an earlier match it is the former one.
 *
 * @returns undefined while the other user does not like the caller
 */
export const likeUser = async (userId: string): Promise<string | undefined> =>
  (await request<{ conversationId?: string }>({ userId })).conversationId;

async function request<Data>(body?: object): Promise<Data> {
  const session = readSession();
  // Signed out in another tab, or just now.
  if (session === undefined) throw new Error('Nobody is signed in.');
  const response = await fetch(new URL(PATH, serverAddress), {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${session.token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  // Written by the server of the same version.
  return ((await response.json()) as { data: Data }).data;
}
