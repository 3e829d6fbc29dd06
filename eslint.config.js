import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';
import { plainComments } from './tools/eslint/plainComments.js';

const layers = (allowed) => ({
  'no-restricted-imports': ['error', { patterns: allowed }],
});

export default tseslint.config(
  {
    // Parts of the app for phones: their packages are installed for its bundles only, which check their types.
    ignores: ['**/dist/', '**/node_modules/', 'data/', 'app/native/', 'app/src/platform/*.native.ts'],
  },
  js.configs.recommended,
  {
    plugins: { parley: { rules: { 'plain-comments': plainComments } } },
    rules: { 'parley/plain-comments': 'error' },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 3],
      'no-console': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Unions of literals instead: without enums, the rule about them costs a quarter of the time for nothing.
      'no-restricted-syntax': ['error', 'TSEnumDeclaration'],
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      // Mongoose takes plain literals where its types name classes; the rule would forbid every schema.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  {
    // Arrows point down: contract <- utils <- models <- services <- socket | http <- app.
    files: ['contract/**'],
    rules: layers([
      { regex: '^(?!zod$|\\.\\.?/[^.]*\\.js$)', message: 'The contract imports zod and itself only.' },
    ]),
  },
  {
    files: ['backend/src/services/**'],
    rules: layers([
      {
        regex: '^(socket\\.io|express|mongoose|mongodb)',
        message: 'Services know no transport and no database.',
      },
      { regex: '/(socket|http)/', message: 'Services speak outward through ports.ts.' },
    ]),
  },
  {
    files: ['backend/src/models/**'],
    rules: layers([{ regex: '/(services|socket|http)/', message: 'Models know nothing above them.' }]),
  },
  {
    // Every request to another server passes the guard (`backend/src/outgoing/`).
    files: ['backend/src/**'],
    rules: { 'no-restricted-globals': ['error', 'fetch', 'WebSocket', 'EventSource'] },
  },
  {
    // The hooks run in React Native, too: nothing of a browser.
    files: ['packages/react/src/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['window', 'document', 'navigator', 'localStorage', 'sessionStorage', 'requestAnimationFrame'],
      ],
      'no-restricted-imports': ['error', { patterns: [{ regex: '^(?!react$|@parley/client$|\\./)' }] }],
    },
  },
  {
    // Tables of texts.
    files: ['packages/ui/src/texts/*.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    files: ['packages/react/src/**', 'packages/ui/src/**', 'app/src/**'],
    plugins: { 'react-hooks': reactHooks },
    rules: { 'react-hooks/rules-of-hooks': 'error', 'react-hooks/exhaustive-deps': 'error' },
  },
  {
    // The components run on phones, too: what is of browsers is in files for them.
    files: ['packages/ui/src/**'],
    ignores: ['packages/ui/src/web/**', '**/*.web.ts', '**/*.web.tsx'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['window', 'document', 'navigator', 'localStorage', 'sessionStorage', 'requestAnimationFrame'],
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex:
                '^(?!react$|react-native$|react-native-svg$|thumbhash$|@legendapp/list/|@parley/(client|react)(/selectors)?$|\\.\\.?/)',
            },
          ],
        },
      ],
    },
  },
  {
    // A factory that lists what it makes is a table, not a long function.
    files: [
      'backend/src/models/*Model.ts',
      'backend/src/services/index.ts',
      'backend/src/services/logs.ts',
      'backend/src/socket/delivery/createDelivery.ts',
      'backend/src/utils/metrics.ts',
    ],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    files: ['test/**', 'bench/**', 'scripts/**'],
    rules: {
      'no-console': 'off',
      'max-lines-per-function': 'off',
      // A fixture of vitest names what it takes, and some take nothing.
      'no-empty-pattern': ['error', { allowObjectPatternsAsParameters: true }],
    },
  },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        module: 'writable',
        Buffer: 'readonly',
        performance: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        fetch: 'readonly',
      },
    },
  },
  {
    // Apps of several platforms.
    files: ['test/consumers/**'],
    languageOptions: {
      globals: {
        __dirname: 'readonly',
        document: 'readonly',
        location: 'readonly',
        queueMicrotask: 'readonly',
        TextEncoder: 'readonly',
      },
    },
  },
);
