module.exports = { ...require('../../jest.preset.cjs'), displayName: 'examples/retail', rootDir: __dirname }
