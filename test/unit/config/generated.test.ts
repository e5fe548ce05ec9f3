import { describe, expect, test } from 'vitest'
import { fillMarkers, tables } from '../../../.ci/generate.ts'
import { DAEMON_KEYS, KNOWN_KEYS } from '../../../src/config/schema.ts'
import { jsonSchema, keyRows } from '../../../src/config/schemaDocs.ts'

type Schema = {
  readonly [key: string]: unknown
  readonly properties: Readonly<Record<string, Schema>>
  readonly items: Schema
}

test('every key has a description, in the JSON Schema and in the table', () => {
  const schema = jsonSchema() as unknown as Schema
  const instance = schema.properties.instances?.items as Schema
  const target = instance.properties.targets?.items as Schema
  for (const [place, known] of [
    [schema, KNOWN_KEYS.top],
    [instance, KNOWN_KEYS.instance],
    [target, KNOWN_KEYS.target],
  ] as const) {
    expect(Object.keys(place.properties).sort()).toEqual([...known].sort())
    expect(place.additionalProperties).toBe(false)
    for (const key of known) expect(place.properties[key]?.description, key).toMatch(/\S/)
  }
  const rows = keyRows()
  for (const key of Object.values(KNOWN_KEYS).flat()) {
    if (!Object.hasOwn(DAEMON_KEYS, key)) expect(rows.filter((row) => row.key === key).length, key).toBeGreaterThan(0)
  }
})

test('the JSON Schema knows what a file needs, and leaves x-… free', () => {
  const schema = jsonSchema() as unknown as Schema
  expect(schema.required).toEqual(['instances'])
  expect(schema.properties.instances?.items.required).toEqual(['id'])
  expect(Object.keys(schema.patternProperties as object)).toEqual(['^x-'])
  expect(schema.properties.layout).toMatchObject({ default: 'timestamp' })
})

describe('markers', () => {
  const text = 'a\n<!-- begin:x -->\nold\n<!-- end:x -->\nb <!-- begin:y --><!-- end:y -->\n'

  test('what stands between them is replaced, twice the same', () => {
    const once = fillMarkers(text, { x: 'X', y: 'Y' })
    expect(once).toBe('a\n<!-- begin:x -->\nX\n<!-- end:x -->\nb <!-- begin:y -->\nY\n<!-- end:y -->\n')
    expect(fillMarkers(once, { x: 'X', y: 'Y' })).toBe(once)
  })

  test.each([
    'nothing',
    '<!-- begin:x --> no end',
    '<!-- end:x --><!-- begin:x -->',
    '<!-- begin:x --><!-- end:x --><!-- begin:x --><!-- end:x -->',
  ])('missing or double: %s', (wrong) => {
    expect(() => fillMarkers(wrong, { x: 'X' })).toThrow(
      'the text needs <!-- begin:x --> and <!-- end:x -->, once each and in this order',
    )
  })
})

test("tables of an action's inputs and outputs", () => {
  const { inputs, outputs } = tables(
    'inputs:\n  a:\n    description: |\n      One | two\n      lines.\n    default: x\n  b: {}\noutputs:\n  c: {description: Why.}\n',
  )
  expect(inputs).toBe('| input | default | meaning |\n|---|---|---|\n| `a` | `x` | One \\| two lines. |\n| `b` |  |  |')
  expect(outputs).toBe('| output | meaning |\n|---|---|\n| `c` | Why. |')
})
