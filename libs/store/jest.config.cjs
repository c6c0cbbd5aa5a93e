module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/store', rootDir: __dirname }
