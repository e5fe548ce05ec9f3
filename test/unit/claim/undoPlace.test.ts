/** The journal of a restore is never guessed. Old data comes back once: what an earlier try put back is left alone, and one piece that fails keeps no other from coming back. */
import { expect, test } from 'vitest'
import { type KeptDump, putBack, readState } from '../../../src/claim/undoPlace.ts'
import type { CopyHelper } from '../../../src/copy/copyHelper.ts'

/** A helper that keeps the list of what is back, and the state. */
function helperWithList() {
  const lines: string[] = []
  const states: string[] = []
  const exec = async ({ script, args = [] }: { readonly script: string; readonly args?: readonly string[] }) => {
    if (script.includes('>>/.marina-back')) lines.push(args[0] ?? '')
    else if (script.includes('/.marina-place')) states.push(args[0] ?? '')
    const stdout = script.includes('cat /.marina-back') ? lines.join('\n') : ''
    return { code: 0, ended: { kind: 'exit', code: 0 }, silent: false, stdout, stderr: '' }
  }
  return { helper: { exec } as unknown as CopyHelper, states }
}

const dump = (path: string): KeptDump => ({
  ...{ container: 'c', name: 'db', kind: 'postgres', hasOwnLogin: false },
  ...{ path, bytes: 1, sha256: '', database: null },
})

test('a dump that is back is not loaded again, and the others are tried although one fails', async () => {
  const { helper, states } = helperWithList()
  const loaded: string[] = []
  let broken = ['b']
  const loadBack = async ({ path }: KeptDump) => {
    if (broken.includes(path)) throw new Error(`${path} is broken`)
    loaded.push(path)
  }
  const request = { undo: [], dumps: [dump('a'), dump('b'), dump('c')], loadBack, checkOwner: async () => {} }
  await expect(putBack(helper, request)).rejects.toThrow('b is broken')
  expect([loaded, states]).toEqual([['a', 'c'], []])
  broken = []
  await putBack(helper, request)
  expect([loaded, states]).toEqual([['a', 'c', 'b'], ['undone']])
})

test('nothing is put back by a run whose place another one has taken', async () => {
  const { helper, states } = helperWithList()
  const loaded: string[] = []
  const request = {
    undo: [],
    dumps: [dump('a')],
    loadBack: async ({ path }: KeptDump) => void loaded.push(path),
    checkOwner: async () => {
      throw new Error('taken over')
    },
  }
  await expect(putBack(helper, request)).rejects.toThrow('taken over')
  expect([loaded, states]).toEqual([[], []])
})

const answer = (stdout: string, code = 0) =>
  (async () => ({ code, stdout, stderr: '', ended: { kind: 'exit', code } })) as unknown as CopyHelper['exec']

test.each(['undone', 'changing', 'placed'])('a restore says that it is %s', async (state) => {
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
