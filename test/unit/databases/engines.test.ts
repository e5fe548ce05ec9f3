/** What every engine of the registry must be: a new one is held to it by being in the list. */
import { describe, expect, test } from 'vitest'
import { targetShape } from '../../../src/config/schema.ts'
import { detectKind } from '../../../src/databases/detect.ts'
import { DATABASE_TOOLS, DB_KINDS, engineOf, signsOfKinds } from '../../../src/databases/engines.ts'

test('no kind and no program belongs to two engines', () => {
  expect(new Set(DB_KINDS).size).toBe(DB_KINDS.length)
  expect(new Set(DATABASE_TOOLS).size).toBe(DATABASE_TOOLS.length)
})

describe.each(signsOfKinds())('%s', (kind, signs) => {
  test('is a word of dbKind', () => {
    expect(targetShape.dbKind.parse(kind)).toBe(kind)
  })

  test('is recognised by its image, its program and its tool', () => {
    const nothing = { name: 'db', image: 'mine', command: [], env: [] }
    expect(detectKind({ ...nothing, image: kind }, new Map())).toBe(kind)
    if (signs.tool === null) return // its tool is one that images of other kinds have too
    expect(detectKind(nothing, new Map([[signs.tool, '1']]))).toBe(kind)
    expect(engineOf(kind).tools).toContain(signs.tool)
  })

  test('is dumped as a whole by one of its tools, and its check is one that nothing passes by chance', async () => {
    const engine = engineOf(kind)
    const tools = new Map(engine.tools.map((tool) => [tool, '1']))
    const given = engine.extractSecrets([])
    const plan = engine.plan({ kind, tools, databases: [], given, command: [], env: [] })
    expect(engine.tools).toContain(plan.tool)
    expect(plan.files).toHaveLength(1)
    const check = plan.check()
    await check.pass(Buffer.from('Error: what is no dump\n'))
    expect((await check.end()).missing).toEqual(expect.any(String))
    expect(plan.hint('words that say nothing')).toBeNull()
  })
})
