import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

export const DEPLOY = 'deploy';

/** Parses the YAML files of a folder below `deploy`. Fails for invalid YAML. */
export async function readYamlFiles(folder: string): Promise<[name: string, documents: unknown[]][]> {
  const names = (await readdir(join(DEPLOY, folder), { recursive: true })).filter((name) =>
    /\.ya?ml$/.test(name),
  );
  return Promise.all(
    names.sort().map(async (name) => [name, await readYaml(join(folder, name))] as [string, unknown[]]),
  );
}

/** Parses the documents of a YAML file below `deploy`. Duplicate keys are rejected. */
export async function readYaml(name: string): Promise<unknown[]> {
  const documents = parseAllDocuments(await readFile(join(DEPLOY, name), 'utf8'), { merge: true });
  return documents.map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw new Error(`${name}: ${problem.message}`);
    return document.toJS() as unknown;
  });
}

/** Returns the variables of an env file. */
export async function readEnvFile(path: string): Promise<Record<string, string>> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  return Object.fromEntries(
    lines
      .filter((line) => /^[A-Z]/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

const run = promisify(execFile);
/** Search path with Debian's system folders, which are not in every user's PATH. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** Returns whether a program is installed. */
export const isThere = (program: string): Promise<boolean> =>
  run('sh', ['-c', `command -v ${program}`], { env: { PATH } }).then(
    () => true,
    () => false,
  );

/** Runs a program. Throws with its output when it fails. */
export async function check(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { stdout, stderr } = await run(program, [...args], { env: { PATH, ...env } });
  return stdout + stderr;
}
