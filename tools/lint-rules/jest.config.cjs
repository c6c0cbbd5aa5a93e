module.exports = { ...require('../../jest.preset.cjs'), displayName: 'tools/lint-rules', rootDir: __dirname }
