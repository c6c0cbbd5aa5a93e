module.exports = { ...require('../../jest.preset.cjs'), displayName: 'apps/aggregator', rootDir: __dirname }
