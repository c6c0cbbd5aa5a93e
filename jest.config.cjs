const { globSync } = require('node:fs')

module.exports = {
  // a project's own testTimeout is not looked at
  testTimeout: 60_000,
  projects: globSync('{apps,libs,tools,examples}/*/jest.config.cjs', { cwd: __dirname }).map(
    file => `<rootDir>/${file}`,
  ),
}
