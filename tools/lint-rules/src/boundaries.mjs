/** Who may import what (docs/architecture.md has the same table). A wrong import is a test case in boundaries.test.ts. */
const LAYERS = {
  kernel: [],
  wire: ['kernel'],
  domain: ['kernel', 'wire'],
  plan: ['kernel', 'wire', 'domain'],
  platform: ['kernel', 'wire', 'platform'],
  test: ['kernel', 'wire'],
  // tool: the local stack, for `headrace dev` and the demo
  app: ['kernel', 'wire', 'domain', 'plan', 'platform', 'tool'],
  e2e: ['kernel', 'wire', 'test', 'e2e', 'tool'],
  tool: ['kernel', 'plan', 'tool'],
  config: [],
}

const constraints = extra =>
  Object.entries(LAYERS).map(([tag, may]) => ({
    sourceTag: `type:${tag}`,
    onlyDependOnLibsWithTags: [...may, ...extra].map(name => `type:${name}`),
  }))

const depConstraints = constraints([])

export const boundaries = {
  enforceBuildableLibDependency: false,
  allowCircularSelfDependency: true,
  allow: [],
  depConstraints,
}

/** Tests may also use the test kit, and what their subject is wired with. */
export const depConstraintsForTests = Object.entries(LAYERS).map(([tag]) => ({
  sourceTag: `type:${tag}`,
  onlyDependOnLibsWithTags: ['*'],
}))

/** Each outside client has one library that imports it. */
const CLIENTS = {
  kafkajs: 'libs/kafka',
  'lz4-napi': 'libs/kafka',
  pg: 'libs/postgres',
  lmdb: 'libs/store',
  '@elastic/elasticsearch': 'libs/elasticsearch',
  fastify: 'libs/http',
  pino: 'libs/telemetry',
  'prom-client': 'libs/telemetry',
  yaml: 'libs/pipeline',
  zod: 'libs/pipeline',
  re2js: 'libs/validation',
  commander: 'apps/cli',
}

/** Patterns for no-restricted-imports: every client but the ones owned here. */
export const ownedClientPatterns = owned =>
  Object.entries(CLIENTS)
    .filter(([client]) => !owned.includes(client))
    .map(([client, owner]) => ({
      group: [client, `${client}/*`],
      message: `Only ${owner} imports ${client}: go through it.`,
    }))

/** Who imports a client that another library owns. An example is an application of its own. */
const GUESTS = { 'libs/testkit': ['pg'], examples: ['fastify', 'pg'] }

export const clientOwners = [...new Set([...Object.values(CLIENTS), ...Object.keys(GUESTS)])].map(folder => ({
  files: [`${folder}/**/*.ts`],
  clients: GUESTS[folder] ?? Object.keys(CLIENTS).filter(client => CLIENTS[client] === folder),
}))
