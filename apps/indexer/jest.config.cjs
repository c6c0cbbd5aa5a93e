module.exports = { ...require('../../jest.preset.cjs'), displayName: 'apps/indexer', rootDir: __dirname }
