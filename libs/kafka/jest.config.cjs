module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/kafka', rootDir: __dirname }
