import nx from '@nx/eslint-plugin'
import tseslint from 'typescript-eslint'
import {
  boundaries,
  clientOwners,
  depConstraintsForTests,
  ownedClientPatterns,
} from './tools/lint-rules/src/boundaries.mjs'
import { house } from './tools/lint-rules/src/house.mjs'

const restrictedImports = owned => ({
  'no-restricted-imports': ['error', { patterns: ownedClientPatterns(owned) }],
})

export default tseslint.config(
  { ignores: ['**/node_modules', '**/dist', '.nx', '.cache', '**/generated/**', '**/*.json', 'helm', 'k8s'] },
  { plugins: { '@nx': nx, house } },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@nx/enforce-module-boundaries': ['error', boundaries],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      'no-restricted-exports': [
        'error',
        {
          restrictDefaultExports: {
            direct: true,
            named: true,
            defaultFrom: true,
            namedFrom: true,
            namespaceFrom: true,
          },
        },
      ],
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60 }],
      'house/env-in-one-file': 'error',
      'house/kebab-case-files': 'error',
      'house/no-drawer-folders': 'error',
      'house/no-topic-literals': 'error',
      ...restrictedImports([]),
    },
  },
  ...clientOwners.map(({ files, clients }) => ({ files, rules: restrictedImports(clients) })),
  {
    files: ['apps/*/src/main.ts'],
    rules: { 'max-lines': ['error', { max: 40 }] },
  },
  {
    files: ['**/*.test.ts', '**/*.bench.ts', 'apps/e2e/**/*.ts', '{apps,libs}/*/src/testing/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 800 }],
      'max-lines-per-function': 'off',
      'house/env-in-one-file': 'off',
      'house/no-topic-literals': 'off',
      'house/no-fixed-sleeps': 'error',
      '@nx/enforce-module-boundaries': ['error', { ...boundaries, depConstraints: depConstraintsForTests }],
      'no-restricted-imports': 'off',
    },
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
)
