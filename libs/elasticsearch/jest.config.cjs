module.exports = {
  ...require('../../jest.preset.cjs'),
  displayName: 'libs/elasticsearch',
  rootDir: __dirname,
}
