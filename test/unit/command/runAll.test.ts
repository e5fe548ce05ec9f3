import { expect, test } from 'vitest'
import { runAll } from '../../../src/command/runAll.ts'

const { signal } = new AbortController()
const skip = (item: string) => `skipped ${item}`

test.each([1, 2, 4])(
  'an item that throws ends none of the others: the error comes when all have ended (%i at once)',
  async (atOnce) => {
    const ended: string[] = []
    const work = async (item: string) => {
      if (item === 'b') throw new TypeError('odd')
      await new Promise((resolve) => setTimeout(resolve, 20))
      ended.push(item)
      return item
    }
    await expect(runAll(['a', 'b', 'c', 'd'], { atOnce, cancel: signal }, work, skip)).rejects.toThrow('odd')
    expect(ended.sort()).toEqual(['a', 'c', 'd'])
  },
)

test('results are in the order of the items, and a cancel skips the rest', async () => {
  const cancel = new AbortController()
  const work = async (item: string) => {
    if (item === 'b') cancel.abort()
    return item
  }
  const results = await runAll(['a', 'b', 'c'], { atOnce: 1, cancel: cancel.signal }, work, skip)
  expect(results).toEqual(['a', 'b', 'skipped c'])
})
