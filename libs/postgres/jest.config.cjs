module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/postgres', rootDir: __dirname }
