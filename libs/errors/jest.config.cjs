module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/errors', rootDir: __dirname }
