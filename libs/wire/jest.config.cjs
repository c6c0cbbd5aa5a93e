module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/wire', rootDir: __dirname }
