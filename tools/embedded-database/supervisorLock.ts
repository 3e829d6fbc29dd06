import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { readSupervisorFile } from './supervisorFile.js';

/*
 * A data folder has at most one supervisor. Two locks guarantee it, because each alone has a gap:
 * - An abstract socket name in the kernel (Linux). The kernel frees it when its owner dies, so a killed supervisor can be
 *   replaced at once. Processes on other machines and in other network namespaces do not see it.
 * - A lock in the folder. Other machines and containers that share the folder see it. Its owner has to refresh it, and
 *   after the owner's death it stays until it is stale.
 * The owner of the socket name may remove the lock in the folder when the last supervisor ran on this machine: that
 * supervisor is dead, or it would still own the name.
 */

/** A supervisor that cannot refresh its lock for this long (a paused machine) has lost it. */
const STALE_MS = 10_000;
const UPDATE_MS = 2_000;
/** Waiting time for a predecessor that is stopping its engine. */
const WAIT_MS = 1_500;
const POLL_MS = 50;

export interface SupervisorLockOptions {
  databaseDir: string;
  /** Called when another process took the lock because this one was paused for too long. */
  onLost: () => void;
}

/** @returns a function that releases the lock; undefined when another process owns it. */
export async function takeSupervisorLock(
  options: SupervisorLockOptions,
): Promise<(() => Promise<void>) | undefined> {
  const endMs = performance.now() + WAIT_MS;
  for (;;) {
    const release = await tryToTake(options);
    if (release !== undefined || performance.now() > endMs) return release;
    await sleep(POLL_MS);
  }
}

async function tryToTake({
  databaseDir,
  onLost,
}: SupervisorLockOptions): Promise<(() => Promise<void>) | undefined> {
  const name = await takeName(databaseDir);
  if (name === 'taken') return undefined;
  const lockPath = join(databaseDir, 'lock');
  if (name !== undefined && (await readSupervisorFile(databaseDir))?.machine === thisMachine()) {
    await rm(lockPath, { recursive: true, force: true });
  }
  try {
    const release = await lockfile.lock(databaseDir, {
      lockfilePath: lockPath,
      stale: STALE_MS,
      update: UPDATE_MS,
      onCompromised: onLost,
    });
    return async () => {
      await release();
      name?.close();
    };
  } catch (error) {
    name?.close();
    if (error instanceof Error && 'code' in error && error.code === 'ELOCKED') return undefined;
    throw error;
  }
}

/** Listens on the folder's abstract socket name. Undefined on systems without abstract socket names. */
function takeName(databaseDir: string): Promise<Server | 'taken' | undefined> {
  if (process.platform !== 'linux') return Promise.resolve(undefined);
  const hash = createHash('sha256').update(realpathSync(databaseDir)).digest('hex').slice(0, 32);
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      resolve('code' in error && error.code === 'EADDRINUSE' ? 'taken' : undefined);
    });
    server.listen(`\0parley-keeper-${hash}`, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** Identifies the boot and the network namespace: equal for two processes that see each other's abstract socket names. */
export function thisMachine(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/net')}`;
  } catch {
    return hostname();
  }
}
