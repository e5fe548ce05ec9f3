/** A hook that is cancelled tells what of it may go on. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runHook } from '../../../src/applications/hooks.ts'
import { type Rule, scriptDocker } from '../../support/scripted-docker.ts'

const path = process.env.PATH ?? ''
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marina-hooks-'))
  process.env.PATH = folder + delimiter + path
})
afterEach(async () => {
  process.env.PATH = path
  await rm(folder, { recursive: true })
})

test.each<[string, Rule, unknown]>([
  [
    'its processes could not be looked for',
    { on: /^exec/, code: 1, stderr: 'Error response from daemon: no\n' },
    expect.stringMatching(
      /^preHook in container "shop" was cancelled, but processes of it may still run in the container/,
    ),
  ],
  [
    'its container has ended',
    { on: /^exec/, code: 1, stderr: 'Error response from daemon: container x is not running\n' },
    null,
  ],
])('cancelled, and %s', { timeout: 30_000 }, async (_, rule, left) => {
  const cancel = new AbortController()
  await scriptDocker(folder, [{ on: /^exec/, stdout: 'begun\n', hangs: true, times: 1 }, rule])
  setTimeout(() => cancel.abort(), 500)
  const result = await runHook(
    { env: { PATH: process.env.PATH ?? '' }, redact: (text) => text },
    {
      ...{ kind: 'preHook', container: 'x', name: 'shop', text: 'sleep 100' },
      ...{ deadlineMs: 60_000, signal: cancel.signal, onLine: () => {} },
    },
  )
  expect(result).toEqual({ kind: 'cancelled', left })
})
