module.exports = { ...require('../../jest.preset.cjs'), displayName: 'apps/capture', rootDir: __dirname }
