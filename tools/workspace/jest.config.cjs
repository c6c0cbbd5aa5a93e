module.exports = { ...require('../../jest.preset.cjs'), displayName: 'tools/workspace', rootDir: __dirname }
