import { afterAll, beforeAll } from 'vitest';
import { userId, type UserId } from '../../../contract/index.js';
import { startServer, type ServerOptions, type TestServer } from '../../support/server.js';

/** One server for all tests of a file; each test brings people of its own (see `people`). */
export function sharedServer(options: ServerOptions = {}): () => TestServer {
  let server: TestServer | undefined;
  beforeAll(async () => {
    server = await startServer(options);
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  return () => {
    if (server === undefined) throw new Error('the server of this file is used outside of a test');
    return server;
  };
}

let counter = 0;

/** Users whom no other test of the file knows: the same names with a number behind. */
export function people<const Names extends readonly string[]>(
  ...names: Names
): { [Place in keyof Names]: UserId } {
  counter += 1;
  return names.map((name) => userId.parse(`${name}${counter}`)) as { [Place in keyof Names]: UserId };
}
