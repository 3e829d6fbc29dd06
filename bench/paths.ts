import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('No package.json above the bench.');
  return findRoot(parent);
}

/** Root folder of the checkout, independent of the folder the benchmark was compiled to. */
export const repositoryRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

export const resultsFolder = join(repositoryRoot, 'bench', 'results');
