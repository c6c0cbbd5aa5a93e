import { basename, relative, sep } from 'node:path'

const rule = (description, create) => ({
  meta: { type: 'problem', docs: { description }, schema: [] },
  create,
})

const placeOf = context => relative(context.cwd, context.filename).split(sep).join('/')

/** `process.env` is read in one file per app; libraries get values. */
const envInOneFile = rule('process.env is read in one file per app', context => {
  const place = placeOf(context)
  if (
    /^((apps|examples)\/[^/]+|libs\/testkit|examples\/[^/]+\/src\/api)\/(src\/)?config\.ts$/.test(place) ||
    place.startsWith('tools/')
  )
    return {}
  return {
    MemberExpression(node) {
      if (
        node.object.type === 'Identifier' &&
        node.object.name === 'process' &&
        node.property.name === 'env'
      ) {
        context.report({
          node,
          message: 'process.env is read in src/config.ts of an app only: take the value as an argument.',
        })
      }
    },
  }
})

const kebabCaseFiles = rule('files are named in kebab-case after what they hold', context => ({
  Program(node) {
    const name = basename(context.filename).replace(
      /(\.(int|e2e|bench|test|property|config|preset|d))*\.[cm]?[jt]s$/,
      '',
    )
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
      context.report({ node, message: `The file name ${name} is not kebab-case.` })
  },
}))

const DRAWERS = new Set(['utils', 'util', 'common', 'shared', 'helpers', 'misc'])

const noDrawerFolders = rule('no folders that hold whatever has no place', context => ({
  Program(node) {
    const parts = placeOf(context).split('/')
    const drawer = parts.find(part => DRAWERS.has(part.replace(/\.[cm]?ts$/, '')))
    if (drawer !== undefined)
      context.report({ node, message: `"${drawer}" says nothing: name it after what it holds.` })
  },
}))

/** Topic names are made in libs/wire/src/topics.ts only, so that a renaming cannot miss one. */
const noTopicLiterals = rule('topic names are made in libs/wire only', context => {
  if (placeOf(context) === 'libs/wire/src/topics.ts') return {}
  const looksLikeTopic = text =>
    /^\.(raw|validated|dead|eval|hop|index|documents)\.|^\.(relations|positions|contracts|control)$/.test(
      text,
    )
  return {
    TemplateElement(node) {
      if (looksLikeTopic(node.value.raw))
        context.report({ node, message: 'Topic names are made by topicNames() of @headrace/wire only.' })
    },
  }
})

/** Tests wait for conditions, not for time. */
const noFixedSleeps = rule('no fixed sleeps in tests', context => ({
  CallExpression(node) {
    const { callee } = node
    const name =
      callee.type === 'Identifier'
        ? callee.name
        : callee.type === 'MemberExpression'
          ? callee.property.name
          : ''
    const asleep = name === 'sleep' || (name === 'setTimeout' && node.parent?.type !== 'ExpressionStatement')
    if (asleep)
      context.report({ node, message: 'Wait for a condition (waitFor of @headrace/testkit), not for time.' })
  },
}))

export const house = {
  rules: {
    'env-in-one-file': envInOneFile,
    'kebab-case-files': kebabCaseFiles,
    'no-drawer-folders': noDrawerFolders,
    'no-topic-literals': noTopicLiterals,
    'no-fixed-sleeps': noFixedSleeps,
  },
}
