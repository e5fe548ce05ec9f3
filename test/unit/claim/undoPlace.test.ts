import { expect, test } from 'vitest'
import { readState } from '../../../src/claim/undoPlace.ts'
import type { CopyHelper } from '../../../src/copy/copyHelper.ts'

const answer = (stdout: string, code = 0) =>
  (async () => ({ code, stdout, stderr: '', ended: { kind: 'exit', code } })) as unknown as CopyHelper['exec']

test.each(['kept', 'changing', 'placed'])('a restore says that it is %s', async (state) => {
  expect(await readState(answer(`${state}`))).toBe(state)
})

test('without a word it has only begun', async () => {
  expect(await readState(answer(''))).toBe('begun')
})

test.each([
  ['', 1],
  ['changing', 137],
  ['chang', 0],
])('%j with code %s is never taken for one that changed nothing', async (text, code) => {
  await expect(readState(answer(text, code))).rejects.toThrow('the journal of the restore could not be read')
})
