import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { exitDoubt, successor } from '../../../src/action/exit.ts'

test.each([0, 1, 7])(
  'the program that takes our place ends with %i and says nothing, with a shell and without',
  (code) => {
    for (const isThere of [() => true, (path: string) => path !== '/bin/sh']) {
      const [program, ...args] = successor(code, isThere) ?? ['']
      const { status, stdout, stderr } = spawnSync(program, args, { env: {}, encoding: 'utf8' })
      expect({ status, stdout, stderr }).toEqual({ status: code, stdout: '', stderr: '' })
    }
    expect(successor(code, (path) => path !== '/bin/sh')?.[0]).toBe(process.execPath)
  },
)

test('a doubt is told only where the end can hang, with its reason', () => {
  expect(exitDoubt(() => true, true)).toBeNull()
  expect(exitDoubt((path) => path !== '/bin/sh', true)).toBeNull()
  expect(exitDoubt(() => false, true)).toMatch(/^neither \/bin\/sh nor .* can be executed: .* can hang/)
  expect(exitDoubt(() => true, false)).toMatch(/has no process\.execve: .* can hang/)
})
