module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/runtime', rootDir: __dirname }
