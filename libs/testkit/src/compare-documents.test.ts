import { describe, expect, it } from '@jest/globals'
import { compareDocuments } from './compare-documents.ts'

describe('compareDocuments', () => {
  const expected = new Map([
    ['1', '{"id": 1, "n": 9007199254740993}'],
    ['2', '{"id": 2, "l": []}'],
  ])

  it('finds nothing when all are equal but for order and spaces', () => {
    expect(
      compareDocuments(
        expected,
        new Map([
          ['2', '{"l":[],"id":2}'],
          ['1', '{"n":9007199254740993,"id":1}'],
        ]),
      ),
    ).toEqual([])
  })

  it('names what is missing, surplus or different', () => {
    const actual = new Map([
      ['1', '{"id":1,"n":9007199254740992}'],
      ['3', '{}'],
    ])
    expect(compareDocuments(expected, actual).map(({ key, kind }) => `${key} ${kind}`)).toEqual([
      '1 different',
      '2 missing',
      '3 surplus',
    ])
  })
})
