const { globSync } = require('node:fs')

module.exports = {
  // a project's own testTimeout is not looked at; it ends tests that hang, on machines that may be many times slower
  testTimeout: 300_000,
  projects: globSync('{apps,libs,tools,examples}/*/jest.config.cjs', { cwd: __dirname }).map(
    file => `<rootDir>/${file}`,
  ),
}
