/**
 * Which files: all, or those that need nothing (`unit`: .test.ts), or those that need backends (`backend`: .int.test.ts,
 * .e2e.test.ts). `npm test` runs the two kinds one after the other.
 */
const suffixes = { unit: '!(*.int|*.e2e).test.ts', backend: '*.@(int|e2e).test.ts' }
const suffix = suffixes[process.env.HEADRACE_TEST_KIND] ?? '*.test.ts'

/** Shared by every project's jest.config.cjs. Sources run as they are: swc turns them into CommonJS for jest. */
module.exports = {
  testEnvironment: 'node',
  testMatch: [`<rootDir>/{src,test}/**/${suffix}`],
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  extensionsToTreatAsEsm: [],
  testEnvironmentOptions: { customExportConditions: ['@headrace/source', 'node', 'node-addons'] },
  transformIgnorePatterns: ['/node_modules/(?!(@bufbuild|re2js)/)'],
}
