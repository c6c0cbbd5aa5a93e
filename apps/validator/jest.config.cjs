module.exports = { ...require('../../jest.preset.cjs'), displayName: 'apps/validator', rootDir: __dirname }
