import type { Router } from 'express';
import { createExampleChats, type ExampleDeps } from './exampleChats.js';
import { mountDemoMatches, type MatchDeps } from './matches.js';
import { mountDemoUsers, type DemoTokens } from './users.js';

export { ensureDemoUsers } from './users.js';

export interface DemoOptions extends DemoTokens {
  /** Whether the demo users get example chats. */
  hasChats: boolean;
}

/**
 * Mounts the part of the app's backend in the demo: it knows the users, gives them tokens, and decides who has matched. An app
 * has a backend of its own for that, and calls the server-side API.
 */
export function mountDemo(
  router: Router,
  deps: Omit<MatchDeps, 'giveExamples'> & ExampleDeps,
  { hasChats, ...tokens }: DemoOptions,
): void {
  mountDemoUsers(router, tokens);
  const giveExamples = hasChats ? createExampleChats(deps) : () => Promise.resolve();
  mountDemoMatches(router, { ...deps, giveExamples });
}
