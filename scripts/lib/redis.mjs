import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { giveUp, step } from './progress.mjs';
import { mustRun, run } from './run.mjs';

const PROGRAM = 'redis-server';
/** Debian runs this program to ask whether a package may start its service; exit code 101 means no. */
const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Returns the path of Redis for the tests. Installs Debian's package if there is none, without its service, which would
 * listen on port 6379 and start with the machine.
 */
export async function ensureRedis() {
  const found = process.env.REDIS_SERVER_PATH ?? findProgram();
  if (found !== undefined) return found;
  try {
    await step('Installing Redis for the tests of several processes', installWithoutService);
  } catch (error) {
    giveUp(`The tests need ${PROGRAM}: install it, or set REDIS_SERVER_PATH. ${error.message}`);
  }
  return findProgram() ?? giveUp(`Debian's package did not install ${PROGRAM}: set REDIS_SERVER_PATH.`);
}

const findProgram = () =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, PROGRAM))
    .find((path) => existsSync(path));

async function installWithoutService() {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await mustRun('apt-get', ['update', '-qq'], { env });
  // An existing policy was set by the operator and is kept.
  const ownPolicy = !existsSync(POLICY);
  if (ownPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await mustRun('apt-get', ['install', '-y', '-qq', '--no-install-recommends', PROGRAM], { env });
  } finally {
    if (ownPolicy) rmSync(POLICY, { force: true });
  }
  if (existsSync('/run/systemd/system')) await run('systemctl', ['disable', '--now', PROGRAM]);
}
