/** The journal of a restore is never guessed. Old data comes back once: what an earlier try put back is left alone, and one piece that fails keeps no other from coming back. */
import { expect, test } from 'vitest'
import { type KeptDump, putBack, putBackPatiently, readState, saysLost } from '../../../src/claim/undoPlace.ts'
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

test('what fails once is tried again, unless that is of no use', async () => {
  const tried = async (isHopeless: boolean) => {
    const { helper, states } = helperWithList()
    const said: string[] = []
    let tries = 0
    const loadBack = async () => {
      tries += 1
      if (tries === 1) throw new Error('the server restarts')
    }
    const request = { undo: [], dumps: [dump('a')], loadBack, checkOwner: async () => {} }
    const telling = { isHopeless: () => isHopeless, say: async (line: string) => void said.push(line) }
    const error = await putBackPatiently(helper, request, telling).then(
      () => null,
      (thrown: Error) => thrown.message,
    )
    return { error, tries, states, said }
  }
  expect(await tried(false)).toEqual({
    error: null,
    tries: 2,
    states: ['undone'],
    said: ['the old data is not back yet: the server restarts; trying again'],
  })
  expect(await tried(true)).toMatchObject({ error: 'the server restarts', tries: 1, states: [] })
})

test.each([
  ['none', '', []],
  ['the second', '1\n', ['/marina/to/1']],
  ['all, in a helper of an earlier version', 'all\n', ['/marina/to/0', '/marina/to/1']],
])('only volumes that were changed are emptied and filled: %s', async (_, changed, expected) => {
  const asked: string[] = []
  const exec = async ({ script, args = [] }: { readonly script: string; readonly args?: readonly string[] }) => {
    const isRoom = script.includes('stat -f')
    if (isRoom) asked.push(args[0] ?? '')
    return {
      ...{ code: isRoom ? 1 : 0, ended: { kind: 'exit', code: 0 }, silent: false, stderr: '' },
      stdout: script.includes('/.marina-changed') ? changed : '',
    }
  }
  const undo = ['a', 'b'].map((volume) => ({ into: 'place' as const, volume, before: `${volume}-before` }))
  const request = { undo, dumps: [], loadBack: async () => {}, checkOwner: async () => {} }
  const helper = { exec } as unknown as CopyHelper
  await putBack(helper, request).catch(() => {}) // the room of each could not be read
  expect(asked).toEqual(expected)
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

test.each(['undone', 'changing', 'placed', 'up'])('a restore says that it is %s', async (state) => {
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

test('a server whose old data was not kept is named for good', async () => {
  expect(await saysLost(answer('shop-db\nblog-db\n'))).toMatch(/^shop-db, blog-db may hold a part of the backup/)
  expect(await saysLost(answer(''))).toBeNull()
  await expect(saysLost(answer('', 1))).rejects.toThrow('could not be read')
})
