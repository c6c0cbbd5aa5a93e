module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/testkit', rootDir: __dirname }
