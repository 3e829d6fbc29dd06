import type { TokenReason } from '@parley/client';
import { serverAddress, sessionValues } from './platform/platform.js';

/** The user who is signed in: in this tab of a browser, or on this phone. */
export interface Session {
  userId: string;
  token: string;
  name?: string | undefined;
  isDemo: boolean;
  /** The server checks the role; this only shows or hides the queue of reports. */
  isModerator?: boolean | undefined;
}

export interface DemoUser {
  _id: string;
  name: string;
  token: string;
}

const KEY = 'parley.session';

export function readSession(): Session | undefined {
  try {
    const stored: unknown = JSON.parse(sessionValues.getItem(KEY) ?? 'null');
    return isSession(stored) ? stored : undefined;
  } catch {
    return undefined;
  }
}

const isSession = (value: unknown): value is Session =>
  typeof value === 'object' && value !== null && 'userId' in value && 'token' in value;

export const writeSession = (session: Session): void => sessionValues.setItem(KEY, JSON.stringify(session));

export const demoSession = ({ _id, name, token }: DemoUser): Session => ({
  ...tokenSession(token),
  userId: _id,
  name,
  token,
  isDemo: true,
});

/**
 * Reads the user of a token. The server checks it.
 *
 * @returns undefined when this is no JSON Web Token with a subject
 */
export function tokenSession(token: string): Session | undefined {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== 'object' || claims === null || !('sub' in claims)) return undefined;
    const { sub } = claims;
    const isModerator =
      'roles' in claims && Array.isArray(claims.roles) && claims.roles.includes('moderator');
    return typeof sub === 'string' && sub !== ''
      ? { userId: sub, token, isDemo: false, isModerator }
      : undefined;
  } catch {
    return undefined;
  }
}

interface DemoAnswer {
  data: { users: DemoUser[] };
}

/**
 * Users of the demo, each with a token. Outside a demo the server answers 404, and the list is empty.
 *
 * @throws when the server cannot be reached
 */
export async function fetchDemoUsers(): Promise<DemoUser[]> {
  const response = await fetch(new URL('/api/demo', serverAddress), {
    headers: { accept: 'application/json' },
  });
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  // Written by the server of the same version.
  const { data } = (await response.json()) as DemoAnswer;
  return data.users;
}

/** Tokens for the SDK: the one of the session, then new ones of the demo. An app asks its own backend here. */
export function tokensOf(session: Session): (reason: TokenReason) => Promise<string | undefined> {
  let current = session;
  return async (reason) => {
    if (reason === 'connect') return current.token;
    if (!current.isDemo) return undefined;
    const user = (await fetchDemoUsers()).find(({ _id }) => _id === session.userId);
    if (user === undefined) return undefined;
    current = demoSession(user);
    if (readSession()?.userId === session.userId) writeSession(current);
    return current.token;
  };
}
