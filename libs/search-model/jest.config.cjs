module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/search-model', rootDir: __dirname }
