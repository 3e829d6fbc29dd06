import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const project = fileURLToPath(new URL('tsconfig.page.json', import.meta.url));

it('the page’s modules hold what their JSDoc types say, and these tests use them so', async () => {
  const run = promisify(execFile)(process.execPath, [compiler, '-p', project]);
  const output = await run.then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { stdout: string }).stdout,
  );
  expect(output).toBe('');
}, 180_000);
