module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/validation', rootDir: __dirname }
