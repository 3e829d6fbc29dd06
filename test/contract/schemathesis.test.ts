import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { backendOf } from '../backend/support/backend.js';
import { machineEnv } from '../support/machineEnv.js';
import type { TestServer } from '../support/server.js';
import { people, sharedServer } from './support/sharedServer.js';

/** Python with schemathesis; empty where it could not be set up (`scripts/lib/python.mjs`). */
const PYTHON = process.env['PARLEY_PYTHON'] ?? '';
/** Random requests per operation, beside those that schemathesis derives from each schema. */
const EXAMPLES = 4;
/** Fewer would mean that requests were refused before they reached what they test. */
const MIN_CASES = 100;
/** Event streams do not end. A revocation would end the token of all other requests. Nothing of `/health` needs a document. */
const LEFT_OUT = '/events|/health|/revoke-tokens';
/** A conversation that does not exist: for what would take the caller out of the one that all other requests use. */
const NOWHERE = 'f'.repeat(24);
const LEAVING = [
  'DELETE /api/conversations/{conversationId}',
  'POST /api/conversations/{conversationId}/leave',
  'POST /api/conversations/{conversationId}/unmatch',
];

/**
 * `positive_data_acceptance` is off: rules over several fields ("at most one of attachments, location and card") and cursors
 * cannot be written in JSON Schema. 413 is our answer to text that is too long, 409 to a repeated idempotency key.
 */
const CHECKS = `
[checks]
positive_data_acceptance.enabled = false
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 409, 413, 415, 429]
`;

/** Uses this conversation wherever one is asked for. Only for valid requests: it would replace invalid ids as well. */
const withConversation = (conversationId: string): string => `
[parameters]
conversationId = "${conversationId}"
${LEAVING.map((name) => `[[operations]]\ninclude-name = "${name}"\nparameters = { conversationId = "${NOWHERE}" }`).join('\n')}
`;

interface Target {
  document: string;
  credential: string;
  conversationId: string;
}

/** Sends valid requests about a conversation of the caller, and invalid ones. Returns what schemathesis reports. */
async function runSchemathesis({ url }: TestServer, target: Target): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-schemathesis-'));
  const runMode = async (mode: string, config: string): Promise<string> => {
    const file = join(folder, `${mode}.toml`);
    await writeFile(file, config);
    const args = [
      ...['-m', 'schemathesis.cli', '--config-file', file, '--no-color', 'run', url + target.document],
      ...['--header', `Authorization: Bearer ${target.credential}`, '--exclude-path-regex', LEFT_OUT],
      ...['--phases', 'examples,coverage,fuzzing', '--mode', mode, '--max-examples', String(EXAMPLES)],
      ...['--generation-deterministic', '--suppress-health-check', 'all', '--continue-on-failure'],
    ];
    const options = { cwd: folder, env: machineEnv(), maxBuffer: 64 * 2 ** 20 };
    // It exits with 1 after a failure: the report says which.
    const { stdout, stderr } = await promisify(execFile)(PYTHON, args, options).catch(
      (error: unknown) => error as { stdout: string; stderr: string },
    );
    return stdout + stderr;
  };
  try {
    const valid = await runMode('positive', withConversation(target.conversationId) + CHECKS);
    return valid + (await runMode('negative', CHECKS));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Fails with the whole report, which has a curl command for each failure. */
function expectConformance(report: string): void {
  expect(report.match(/^- ST\d+ .*$|^Error.*$/gm) ?? [], report).toEqual([]);
  const cases = [...report.matchAll(/(\d+) generated/g)].map(([, count]) => Number(count));
  expect(cases.length, report).toBe(2);
  for (const count of cases) expect(count, report).toBeGreaterThan(MIN_CASES);
}

describe.skipIf(PYTHON === '')('generated requests are answered as the documents say', () => {
  const server = sharedServer();

  test('by the API of users', async () => {
    const [alice, bob, carol] = people('alice', 'bob', 'carol');
    const client = await server().connectAs(alice);
    const group = await client.ok('createGroup', { name: 'us', participants: [bob, carol] });
    await client.send(group.conversation._id, 'hello');
    const report = await runSchemathesis(server(), {
      document: '/api/openapi.json',
      credential: server().token(alice),
      conversationId: group.conversation._id,
    });
    expectConformance(report);
  });

  test('by the server-side API', async () => {
    const [alice, bob] = people('alice', 'bob');
    const client = await server().connectAs(alice);
    const { apiKey = '' } = await backendOf(server());
    const conversationId = await client.open(bob);
    await client.send(conversationId, 'hello');
    const report = await runSchemathesis(server(), {
      document: '/api/server/openapi.json',
      credential: apiKey,
      conversationId,
    });
    expectConformance(report);
  });
});
