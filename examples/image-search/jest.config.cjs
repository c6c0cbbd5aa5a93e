module.exports = {
  ...require('../../jest.preset.cjs'),
  displayName: 'examples/image-search',
  rootDir: __dirname,
}
