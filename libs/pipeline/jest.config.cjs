module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/pipeline', rootDir: __dirname }
