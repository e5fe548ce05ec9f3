/** What an engine does to the output of a backup container that nobody reads for a while. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { runBackup } from '../../../src/container/runBackup.ts'
import { dockerOf } from '../../support/containers.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
/** Longer than an engine keeps what nobody reads of a process that has ended: 2 s. */
const STANDSTILL_MS = 4_000

/** Runs a container that prints `size` bytes and ends at once; the log stands still at its first piece. */
async function received(size: number) {
  const limits = ['--log-driver', 'local', '--log-opt', 'max-size=10m', '--log-opt', 'max-file=2']
  const command = [engine.baseImage, 'sh', '-c', `head -c ${size} /dev/zero`]
  const container = (await engine.ok(['create', '--network', 'none', ...limits, ...command])).trim()
  onTestFinished(async () => void (await engine.docker(['rm', '-fv', container])))
  let bytes = 0
  const log = {
    rememberStderr: () => {},
    write: async (source: string, chunk: Buffer | string) => {
      if (source !== 'out' || typeof chunk === 'string') return
      if (bytes === 0) await delay(STANDSTILL_MS)
      bytes += chunk.length
    },
  }
  const run = {
    work: 'backup' as const,
    docker: dockerOf(engine),
    container,
    image: engine.baseImage,
    memory: null,
    entrypoint: [],
    user: '',
    log,
  }
  const { kind } = await runBackup({ ...run, signal: new AbortController().signal })
  return { kind, bytes }
}

test('the log of a backup container loses nothing', async () => {
  const sizes = Array.from({ length: 24 }, (_, i) => (1 << 20) + i * (1 << 15))
  expect(await Promise.all(sizes.map(received))).toEqual(sizes.map((bytes) => ({ kind: 'success', bytes })))
})
