import type { Api } from './api.js';

/** A server in this process or in a separate one. */
interface WithApi {
  api(userId: string): Api;
}

/** Makes the presence of these users visible to everyone who has a chat with them, even without messages. */
export async function showPresence(server: WithApi, ...userIds: readonly string[]): Promise<void> {
  for (const userId of userIds) {
    const { status } = await server
      .api(userId)
      .request('PATCH', '/api/users/me/privacy', { lastSeen: 'everyone' });
    if (status !== 200) throw new Error(`the privacy of ${userId} was not set: ${status}`);
  }
}
