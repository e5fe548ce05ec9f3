/** A bug report of the built bundle names lines of src/. */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { withSourceLines } from '../../src/action/sourceLines.ts'

const ROOT = join(import.meta.dirname, '../..')
const DIST = join(ROOT, 'dist')
const BUNDLE = pathToFileURL(join(DIST, 'index.js')).href

test.each([
  ['src/errors.ts', 'A bug in Marina, please report it: '],
  ['src/docker/process.ts', 'the docker client could not be started: '],
  ['src/command/restore.ts', 'A restore runs only when somebody starts it by hand'],
])('a place of %s in the bundle', async (file, text) => {
  const { url, line, column } = await placeOf(text)
  const source = (await readFile(join(ROOT, file), 'utf8')).split('\n')
  const stack = `Error: x\n    at e (${url}:${line}:${column})\n    at node:internal/process:1:2`
  const told = withSourceLines(stack, BUNDLE)
  const [, path, at] = /^Error: x\n {4}at e \((\S+):(\d+):\d+\)\n {4}at node:internal\/process:1:2$/.exec(told) ?? []
  expect(path, told).toBe(file)
  const near = source.slice(Math.max(0, Number(at) - 4), Number(at) + 3).join('\n')
  expect(near).toContain(text)
})

/** The first place of `text` in the bundle's files; a command that is loaded when it is asked for has a file of its own. */
async function placeOf(text: string): Promise<{ url: string; line: number; column: number }> {
  for (const name of (await readdir(DIST)).filter((one) => one.endsWith('index.js'))) {
    const code = await readFile(join(DIST, name), 'utf8')
    if (!code.includes(text)) continue
    const before = code.slice(0, code.indexOf(text)).split('\n')
    return { url: pathToFileURL(join(DIST, name)).href, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  }
  throw new Error(`no file of the bundle holds ${text}`)
}

test('a stack stays as it is where there is no map', () => {
  const stack = 'Error: x\n    at e (file:///none/index.js:1:2)'
  expect(withSourceLines(stack, 'file:///none/index.js')).toBe(stack)
})
