import type { StorageArea, StorageFiles, StoredFile } from '../storage.js';
import { assertEqual } from './assertions.js';
import { openTwice, type ConformanceTest } from './types.js';

/** Returns the files of an area; undefined where bytes cannot be stored, which is allowed. */
const filesOf = ({ files }: StorageArea): StorageFiles | undefined => files;

async function bytesOf(file: StoredFile | undefined): Promise<number[] | undefined> {
  if (file === undefined) return undefined;
  return [...(file instanceof Uint8Array ? file : new Uint8Array(await file.arrayBuffer()))];
}

export const FILE_TESTS: readonly ConformanceTest[] = [
  {
    name: 'a file is read as it was written, also by the next start, until it is removed',
    run: async (tested) => {
      const { first, second } = await openTwice(tested);
      const files = filesOf(await first.open('alice'));
      if (files === undefined) return;
      await files.write('a', new Uint8Array([1, 2, 3]));
      await files.write('b', new Blob([new Uint8Array([4])]));
      await files.write('b', new Blob([new Uint8Array([5])]));
      const later = filesOf(await second.open('alice'));
      assertEqual(await bytesOf(await later?.read('a')), [1, 2, 3], 'bytes');
      assertEqual(await bytesOf(await later?.read('b')), [5], 'a blob that was replaced');
      assertEqual(await later?.read('c'), undefined, 'a file that is not there');
      await later?.remove(['a', 'c']);
      assertEqual(await files.read('a'), undefined, 'a file that was removed');
      assertEqual(await bytesOf(await files.read('b')), [5], 'a file that was not removed');
    },
  },
  {
    name: 'files belong to one user, stay when a collection is cleared, and go with everything',
    run: async ({ createStorage }) => {
      const storage = await createStorage();
      const [alice, bob] = [await storage.open('alice'), await storage.open('bob')];
      await filesOf(alice)?.write('a', new Uint8Array([1]));
      await filesOf(bob)?.write('a', new Uint8Array([2]));
      if (filesOf(alice) === undefined) return;
      assertEqual((await storage.listUserIds()).sort(), ['alice', 'bob'], 'users with a file alone');
      await alice.clear(['outbox', 'uploads']);
      assertEqual(await bytesOf(await filesOf(alice)?.read('a')), [1], 'a file beside cleared collections');
      await alice.clear();
      assertEqual(await filesOf(alice)?.read('a'), undefined, 'a file of a cleared area');
      assertEqual(await bytesOf(await filesOf(bob)?.read('a')), [2], 'a file of another user');
    },
  },
];
