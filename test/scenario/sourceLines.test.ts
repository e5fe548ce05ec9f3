/** A bug report of the built bundle names lines of src/. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { withSourceLines } from '../../src/action/sourceLines.ts'

const ROOT = join(import.meta.dirname, '../..')
const BUNDLE = join(ROOT, 'dist/index.js')

test.each([
  ['src/errors.ts', 'A bug in Marina, please report it: '],
  ['src/docker/process.ts', 'the docker client could not be started: '],
])('a place of %s in the bundle', async (file, text) => {
  const code = await readFile(BUNDLE, 'utf8')
  const source = (await readFile(join(ROOT, file), 'utf8')).split('\n')
  const at = code.indexOf(text)
  const before = code.slice(0, at).split('\n')
  const url = pathToFileURL(BUNDLE).href
  const place = `${url}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
  const told = withSourceLines(`Error: x\n    at e (${place})\n    at node:internal/process:1:2`, url)
  const [, path, line] = /^Error: x\n {4}at e \((\S+):(\d+):\d+\)\n {4}at node:internal\/process:1:2$/.exec(told) ?? []
  expect(path, told).toBe(file)
  const near = source.slice(Math.max(0, Number(line) - 4), Number(line) + 3).join('\n')
  expect(near).toContain(text)
})

test('a stack stays as it is where there is no map', () => {
  const stack = 'Error: x\n    at e (file:///none/index.js:1:2)'
  expect(withSourceLines(stack, 'file:///none/index.js')).toBe(stack)
})
