/** Shared by every project's jest.config.cjs. Sources run as they are: swc turns them into CommonJS for jest. */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{src,test}/**/*.test.ts'],
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' }, sourceMaps: 'inline' },
    ],
  },
  extensionsToTreatAsEsm: [],
  testEnvironmentOptions: { customExportConditions: ['@headrace/source', 'node', 'node-addons'] },
  transformIgnorePatterns: ['/node_modules/(?!(@bufbuild|re2js)/)'],
  testTimeout: 20000,
}
