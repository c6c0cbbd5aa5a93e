module.exports = { ...require('../../jest.preset.cjs'), displayName: 'libs/telemetry', rootDir: __dirname }
