module.exports = { ...require('../../jest.preset.cjs'), displayName: 'apps/cli', rootDir: __dirname }
