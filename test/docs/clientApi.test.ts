import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { resolve } from 'node:path';
import { test } from 'vitest';

/** `npm run docs:client` treats warnings as errors, and writes nothing then. */
test('the reference of the SDK can be made: every type that it names is exported', async () => {
  const program = resolve('node_modules/typedoc/bin/typedoc');
  await promisify(execFile)(process.execPath, [program, '--emit', 'none'], { cwd: 'packages/client' });
});
