import { expect, test, vi } from 'vitest'
import { SERVER_GONE } from '../../../src/databases/loadContract.ts'
import { type LoadPlace, surroundingsOf } from '../../../src/drill/loadTrouble.ts'
import { DamagedBackupError, InstanceError } from '../../../src/errors.ts'
import { RefusedDumpError } from '../../../src/load/loadErrors.ts'

const place = (kib: number) =>
  ({
    run: { abort: { signal: new AbortController().signal } },
    helper: {
      exec: async () => ({ code: 0, ended: { kind: 'exit', code: 0 }, silent: false, stdout: free(kib), stderr: '' }),
    },
    restored: '/backup',
    image: { use: 'server', name: 'pg', reference: 'postgres:16', id: 'x', digest: null },
  }) as unknown as LoadPlace

/** Free blocks, their size, and inodes, as the helper prints them. */
const free = (kib: number) => `${kib}|1024|0|0`
const server = (...troubles: readonly (string | null)[]) => {
  const left = [...troubles]
  return { trouble: vi.fn(async () => (left.length > 1 ? (left.shift() ?? null) : (left[0] ?? null))) }
}
const refused = (lack: string | null) => new RefusedDumpError('it was not loaded: ERROR', { lack })
const PLENTY = 1 << 30

test('a dump that the tool refuses on a sound server is to blame, as is a file that is damaged', async () => {
  expect(await surroundingsOf(place(PLENTY), server(null), refused(null))).toBeNull()
  expect(await surroundingsOf(place(PLENTY), server('it is full'), new DamagedBackupError('cut'))).toBeNull()
})

test('what the server lacks is named, with the way out', async () => {
  const said = await surroundingsOf(place(PLENTY), server(null), refused('the extension "x" is missing'))
  expect(said).toBe(
    'it was not loaded: ERROR; the extension "x" is missing, which says nothing about the backup. Another image than postgres:16 can be named for pg (drill.image)',
  )
})

test('a server that went down says why a moment later', async () => {
  const down = server(null, null, 'the scratch server ran out of memory')
  expect(await surroundingsOf(place(PLENTY), down, refused(SERVER_GONE))).toContain(
    'ran out of memory, which says nothing',
  )
  expect(down.trouble).toHaveBeenCalledTimes(3)
})

test('trouble of the server counts whatever the tool said', async () => {
  expect(await surroundingsOf(place(PLENTY), server('its disk is full'), refused(null))).toContain('its disk is full')
})

test('a full disk of the host is to blame', async () => {
  expect(await surroundingsOf(place(5), server(null), refused(null))).toContain('the disk of the Docker host is full')
})

test('a tool that did not run to its end says nothing of the dump', async () => {
  expect(await surroundingsOf(place(PLENTY), server(null), new InstanceError('docker was cut off'))).toBe(
    'docker was cut off',
  )
})
