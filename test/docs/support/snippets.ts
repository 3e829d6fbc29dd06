import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'vite';
import { ROOT } from '../../scripts/support/npmRun.js';

export interface Snippet {
  name: string;
  code: string;
}

const BLOCK = /```(tsx?)\n([\s\S]*?)```/g;
const COMPILER = join(ROOT, 'node_modules/typescript-native/bin/tsc');
const NATIVE = join(ROOT, 'test/docs/support/native/');
const CLIENT = join(ROOT, 'packages/client/src/');

/** Entries of the packages, by the names under which apps import them. */
const ENTRIES: Record<string, string> = {
  '@parley/client': `${CLIENT}index.ts`,
  '@parley/client/indexeddb': `${CLIENT}indexeddb.ts`,
  '@parley/client/sqlite': `${CLIENT}sqlite.ts`,
  '@parley/client/tabs': `${CLIENT}tabs.ts`,
  '@parley/client/push': `${CLIENT}push.ts`,
  '@parley/client/uploads': `${CLIENT}uploads.ts`,
  '@parley/client/storage-conformance': `${CLIENT}storage-conformance.ts`,
  '@parley/react': join(ROOT, 'packages/react/src/index.ts'),
};

/** Replacements for what a page does not have. */
const IN_PAGE: Record<string, string> = {
  ...ENTRIES,
  '@parley/client/sqlite': `${NATIVE}sqlite.ts`,
  '@react-native-community/netinfo': `${NATIVE}netInfo.ts`,
  'expo-sqlite': `${NATIVE}expoSqlite.ts`,
  'react-native': 'react-native-web',
};

/** Options of the compiler for snippets of the client and the hooks. */
const CLIENT_PROJECT = {
  extends: join(ROOT, 'tsconfig.json'),
  compilerOptions: {
    module: 'ESNext',
    moduleResolution: 'Bundler',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    types: ['vitest/globals'],
    // A snippet may end before it uses what it makes.
    noUnusedLocals: false,
    moduleDetection: 'force',
    paths: Object.fromEntries(Object.entries(ENTRIES).map(([name, path]) => [name, [path]])),
  },
  include: [`${NATIVE}types.d.ts`],
};

/** Options of the compiler for snippets of the components: the types of React Native are the real ones. */
export const COMPONENTS_PROJECT = {
  extends: join(ROOT, 'app/tsconfig.json'),
  compilerOptions: {
    module: 'ESNext',
    moduleResolution: 'Bundler',
    moduleDetection: 'force',
    preserveSymlinks: true,
  },
  include: [join(ROOT, 'packages/ui/src/types')],
};

const includedIn = (project: object): unknown[] =>
  'include' in project && Array.isArray(project.include) ? project.include : [];

/** Returns the TypeScript blocks of a page. A first line `// name.ts` names the block. */
export async function readSnippets(page: string): Promise<Snippet[]> {
  const text = await readFile(join(ROOT, page), 'utf8');
  return [...text.matchAll(BLOCK)].map(([, extension = '', code = ''], index) => {
    const name = /^\/\/ ([\w.]+)\n/.exec(code)?.[1] ?? `${page.replace(/\W/g, '_')}${index}.${extension}`;
    return { name, code };
  });
}

/** Lines of a snippet that an app's author writes, without imports, comments and empty lines. */
export const ownLines = ({ code }: Snippet): number =>
  code.split('\n').filter((line) => line.trim() !== '' && !/^(import |\/\/)/.test(line)).length;

/** A folder with snippets, which finds the packages of the checkout. Use with `await using`. */
export class SnippetFolder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(snippets: readonly Snippet[]): Promise<SnippetFolder> {
    const folder = new SnippetFolder(await mkdtemp(join(tmpdir(), 'parley-snippets-')));
    await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'));
    for (const { name, code } of snippets) await writeFile(join(folder.path, name), code);
    return folder;
  }

  /**
   * Compiles all snippets strictly, as an app does with the packages of the checkout.
   *
   * @param project another `tsconfig.json` than that for client and hooks
   * @returns the errors of the compiler
   */
  async compile(project: object = CLIENT_PROJECT): Promise<string> {
    const config = { ...project, include: ['*.ts', '*.tsx', ...includedIn(project)] };
    await writeFile(join(this.path, 'tsconfig.json'), JSON.stringify(config));
    const compiling = promisify(execFile)(process.execPath, [
      COMPILER,
      '-p',
      join(this.path, 'tsconfig.json'),
    ]);
    return compiling.then(
      ({ stdout }) => stdout,
      (error: unknown) =>
        error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error),
    );
  }

  /** Bundles code that imports snippets into one script for a page. */
  async bundle(code: string): Promise<string> {
    const entry = join(this.path, 'entry.tsx');
    await writeFile(entry, code);
    const output = await build({
      configFile: false,
      logLevel: 'error',
      root: this.path,
      // Tests run with another NODE_ENV, which would choose the development build.
      oxc: { jsx: { runtime: 'automatic', development: false } },
      define: { 'process.env.NODE_ENV': '"production"' },
      resolve: {
        alias: Object.entries(IN_PAGE).map(([name, replacement]) => ({
          find: new RegExp(`^${name}$`),
          replacement,
        })),
      },
      build: {
        write: false,
        minify: false,
        target: 'es2022',
        lib: { entry, formats: ['es'], fileName: 'page' },
      },
    });
    const result = [output].flat()[0];
    if (result === undefined || !('output' in result)) throw new Error('nothing was bundled');
    return result.output[0].code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true });
  }
}
