module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/http', rootDir: __dirname }
