import { describe, expect, it } from '@jest/globals'
import { RefusalWatch } from './refusals.ts'

const letters = (count: number): string =>
  `# TYPE headrace_validator_dead_letters_total counter
headrace_validator_dead_letters_total{dataset="book",code="edge.too_large"} ${count}
headrace_validator_records_total{dataset="book",outcome="valid"} 70
`

describe('RefusalWatch', () => {
  it('tells what is new, by dataset and code, and nothing twice', () => {
    const watch = new RefusalWatch()
    expect(watch.look('validator', letters(0))).toEqual([])
    expect(watch.look('validator', letters(1))).toEqual(['1 dead letter of book: edge.too_large'])
    expect(watch.look('validator', letters(1))).toEqual([])
    expect(watch.look('validator', letters(1201))).toEqual(['1,200 dead letters of book: edge.too_large'])
  })

  it('follows a service that counts from zero again', () => {
    const watch = new RefusalWatch()
    watch.look('validator', letters(5))
    expect(watch.look('validator', letters(2))).toEqual(['2 dead letters of book: edge.too_large'])
  })

  it('tells stubs, and of other counters nothing', () => {
    const documents = (form: string): string =>
      `headrace_aggregator_documents_total{view="shelf",form="${form}"} 3`
    expect(new RefusalWatch().look('aggregator', documents('document'))).toEqual([])
    expect(new RefusalWatch().look('aggregator', documents('stub'))).toEqual([
      '3 documents of shelf could not be made, stubs stand in their place',
    ])
    expect(new RefusalWatch().look('capture', letters(4))).toEqual([])
  })
})
