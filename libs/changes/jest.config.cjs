module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/changes', rootDir: __dirname }
