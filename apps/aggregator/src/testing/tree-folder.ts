import { contract, type TestFiles } from './test-folder.ts'

const view = `
view: trees
root: parent
fields: [id, title]
one:
  owner: { from: owner, on: { id: owner_id }, fields: [id, name] }
  above: { from: parent, on: { id: above_id }, fields: [id, title] }
lists:
  below:
    from: parent
    on: { above_id: id }
    fields: [id, title]
    limit: 3
  tags:
    from: link
    on: { parent_id: id }
    fields: [id]
    one:
      tag: { from: tag, on: { id: tag_id }, fields: { tag_id: id, tag_label: label }, flatten: true }
  children:
    from: child
    on: { parent_id: id }
    where: { hidden: null }
    orderBy: [rank desc]
    fields: [id, rank]
    one:
      owner: { from: owner, on: { id: owner_id }, fields: { owner_name: name }, flatten: true }
    lists:
      parts:
        from: part
        on: { child_id: id }
        fields: [id, label]
        one:
          tag: { from: tag, on: { id: tag_id }, fields: [label] }
        lists:
          notes:
            from: note
            on: { part_id: id }
            orderBy: [label]
            fields: [id, label]
aggregates:
  summary.below: { count: below }
  summary.tags: { count: tags }
  summary.ranks: { countBy: children.rank }
`

const big = (name: string): string => `      - { name: ${name}, physicalType: bigint }`
const text = (name: string): string => `      - { name: ${name}, physicalType: text }`

/** A view with references, links, three levels of lists, and a dataset that is root, child and reference at once (05 A3-A6). */
export const treeFiles: TestFiles = (name, partitions) => ({
  'pipeline.yaml': `name: ${name}\npartitions: ${partitions}\nsources: { main: { tables: [parent, owner, tag, link, child, part, note] } }\n`,
  'contracts/parent.odcs.yaml': contract(
    'parent',
    [text('title'), big('owner_id'), big('above_id')].join('\n'),
  ),
  'contracts/owner.odcs.yaml': contract('owner', [text('name'), text('unseen')].join('\n')),
  'contracts/tag.odcs.yaml': contract('tag', text('label')),
  'contracts/link.odcs.yaml': contract('link', [big('parent_id'), big('tag_id')].join('\n')),
  'contracts/child.odcs.yaml': contract(
    'child',
    [big('parent_id'), big('owner_id'), big('rank'), text('hidden')].join('\n'),
  ),
  'contracts/part.odcs.yaml': contract('part', [big('child_id'), big('tag_id'), text('label')].join('\n')),
  'contracts/note.odcs.yaml': contract('note', [big('part_id'), text('label')].join('\n')),
  'views/trees.view.yaml': view,
})
