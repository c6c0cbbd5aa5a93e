module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/denormalise', rootDir: __dirname }
