import { expect, test } from 'vitest'
import type { InstanceRun } from '../../../src/instance/instanceRun.ts'
import { type Placer, type Progress, replaceWhileStopped } from '../../../src/restore/replaceWhileStopped.ts'
import { scriptedClient } from '../../support/scripted-client.ts'

/** A helper that keeps the states that are written; the answer to the one that says that all is new is lost. */
function placerLosingAnAnswer() {
  const states: string[] = []
  const exec = async ({ script, args = [] }: { readonly script: string; readonly args?: readonly string[] }) => {
    const isState = script.includes('/.marina-place')
    if (isState) states.push(args[0] ?? '')
    const code = isState && args[0] === 'placed' ? null : 0
    return { code, ended: { kind: 'exit', code: 0 }, silent: false, stdout: '', stderr: '' }
  }
  const placer = { exec, id: 'c1', lost: new AbortController().signal, tools: {} } as unknown as Placer
  return { placer, states }
}

test('data counts as half changed before the old one is put back, although the state said that all is new', async () => {
  const { placer, states } = placerLosingAnAnswer()
  const docker = await scriptedClient({ on: /./, stdout: '[]' })
  const run = {
    context: { host: { docker } },
    instance: { id: 'shop', timeoutMs: 60_000 },
    abort: { signal: new AbortController().signal, until: Date.now() + 60_000 },
    report: { notUp: () => {}, downtime: () => {}, warn: async () => {} },
    log: { write: async () => {} },
  } as unknown as InstanceRun
  const progress: Progress = { data: 'untouched' }
  await expect(
    replaceWhileStopped(run, placer, {
      stops: { groups: [], self: [], journal: [] },
      request: { placements: [], databases: [], keepsOld: false },
      progress,
    }),
  ).rejects.toThrow()
  expect(states.slice(0, 3)).toEqual(['changing', 'placed', 'changing'])
})
