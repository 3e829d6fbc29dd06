import { afterAll, beforeAll } from 'vitest';
import { userId, type UserId } from '../../../contract/index.js';
import { startServer, type ServerOptions, type TestServer } from '../../support/server.js';

/** Starts one server for all tests of a file. Each test uses its own users (see `people`). */
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

/** Returns user ids that are unique in the test file: the names with a number appended. */
export function people<const Names extends readonly string[]>(
  ...names: Names
): { [Place in keyof Names]: UserId } {
  counter += 1;
  return names.map((name) => userId.parse(`${name}${counter}`)) as { [Place in keyof Names]: UserId };
}
