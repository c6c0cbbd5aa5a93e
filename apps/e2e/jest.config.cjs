module.exports = { ...require('../../jest.preset.cjs'), displayName: 'apps/e2e', rootDir: __dirname }
