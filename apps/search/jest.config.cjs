module.exports = { ...require('../../jest.preset.cjs'), displayName: 'apps/search', rootDir: __dirname }
