import type { ObjectDeclaration, PropertyDeclaration } from '../declarations/contract-file.ts'
import type { Problem } from '../pipeline.ts'
import type { YamlFile, YamlPath } from '../yaml/yaml-file.ts'
import type { ContractFile } from './compile-contract.ts'

interface KeyPart {
  readonly property: PropertyDeclaration
  readonly path: YamlPath
}

/** The standard writes -1 where there is no position. */
const positionOf = ({ primaryKeyPosition: position }: PropertyDeclaration): number | undefined =>
  position === -1 ? undefined : position

/** Positions are 1, 2, 3 and so on, each once; or nobody has one and the order of the file counts. */
const checkPositions = (file: YamlFile, keys: readonly KeyPart[], problems: Problem[]): void => {
  if (keys.every(({ property }) => positionOf(property) === undefined)) return
  const seen = new Map<number, string>()
  for (const { property, path } of keys) {
    const position = positionOf(property)
    const at = [...path, 'primaryKeyPosition']
    const range = `the positions of the ${keys.length} fields of the key are 1 to ${keys.length}, each once`
    if (position === undefined)
      problems.push(file.problem(path, `"${property.name}" has no primaryKeyPosition, others have: ${range}`))
    else if (position < 1 || position > keys.length)
      problems.push(file.problem(at, `primaryKeyPosition ${position} leaves a gap: ${range}`))
    else if (seen.has(position))
      problems.push(
        file.problem(at, `primaryKeyPosition ${position} is "${seen.get(position)}" already: ${range}`),
      )
    else seen.set(position, property.name)
  }
}

/** Something is wrong where the key is declared: what follows from it is nobody's mistake. */
const isDoubtful = ({ doubts }: ContractFile, object: ObjectDeclaration, path: YamlPath): boolean =>
  doubts.at([...path, 'properties']) ||
  object.properties.some((_, index) =>
    ['name', 'primaryKey', 'primaryKeyPosition'].some(key => doubts.at([...path, 'properties', index, key])),
  )

/** Names of the primary key's fields in key order; none when that cannot be told. */
export const primaryKeyOf = (
  contract: ContractFile,
  object: ObjectDeclaration,
  path: YamlPath,
): readonly string[] => {
  const { file, problems } = contract
  if (isDoubtful(contract, object, path)) return []
  const parts = object.properties.map((property, index) => ({
    property,
    path: [...path, 'properties', index],
  }))
  const keys = parts.filter(({ property }) => property.primaryKey === true)
  for (const { property, path: at } of parts) {
    if (property.primaryKey === true || positionOf(property) === undefined) continue
    problems.push(
      file.problem(
        [...at, 'primaryKeyPosition'],
        `"${property.name}" has a primaryKeyPosition, but not primaryKey: true`,
      ),
    )
  }
  if (keys.length === 0)
    problems.push(
      file.problem([...path, 'name'], `dataset "${object.name}" has no property with primaryKey: true`),
    )
  checkPositions(file, keys, problems)
  return [...keys]
    .sort((a, b) => (positionOf(a.property) ?? 0) - (positionOf(b.property) ?? 0))
    .map(({ property }) => property.name)
}
