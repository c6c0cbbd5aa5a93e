module.exports = { ...require('../../jest.preset.cjs'), displayName: 'tools/local-stack', rootDir: __dirname }
