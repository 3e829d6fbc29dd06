import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { EpochMemory } from '../services/epochWatch.js';

const content = z.object({ value: z.string(), pulse: z.number() });

/**
 * What was last seen of a database, in a file of `DATA_DIR`: so that a server notices after a restart, too, that the
 * database was restored meanwhile. Where the backup holds the folder as well, nothing is noticed: `renew-epoch` says it.
 */
export function createEpochFile(dataDir: string, databaseName: string): EpochMemory {
  const path = join(dataDir, `seen-${encodeURIComponent(databaseName)}.json`);
  return {
    async read() {
      try {
        return content.parse(JSON.parse(await readFile(path, 'utf8')));
      } catch {
        // Nothing there yet, or cut off: as good as never having seen the database.
        return undefined;
      }
    },
    async write(epoch) {
      await mkdir(dataDir, { recursive: true });
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, `${JSON.stringify(epoch)}\n`);
      await rename(draft, path);
    },
  };
}
