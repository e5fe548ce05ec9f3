/** What an engine does to an exec whose output is not read at once, and to those beside it. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { execTruthfully } from '../../../src/docker/exec.ts'
import { type Stream, stream } from '../../../src/docker/process.ts'
import { dockerOf } from '../../support/containers.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
const docker = dockerOf(engine)
const container = engine.name('exec')
/** Longer than an engine keeps what nobody reads of a process that has ended: 2 s. */
const STANDSTILL_MS = 4_000

beforeAll(async () => {
  await engine.ok(['run', '-d', '--name', container, '--network', 'none', engine.baseImage, 'sleep', '100000'])
})

afterAll(async () => {
  await engine.docker(['rm', '-fv', container])
})

test('a script whose last bytes nobody reads for a while loses none', async () => {
  // how much lies between the two ends differs by engine and client: one of these sizes fills it to the brim
  const sizes = Array.from({ length: 24 }, (_, i) => (1 << 20) + i * (1 << 15))
  const received = await Promise.all(
    sizes.map(async (size) => {
      let bytes = 0
      const { code } = await execTruthfully(docker, {
        container,
        script: 'head -c "$1" /dev/zero',
        args: [String(size)],
        deadlineMs: 170_000,
        onStdout: async (chunk) => {
          if (bytes === 0) await delay(STANDSTILL_MS)
          bytes += chunk.length
        },
      })
      return { code, bytes }
    }),
  )
  expect(received).toEqual(sizes.map((bytes) => ({ code: 0, bytes })))
})

describe("in a container where somebody else's output waits to be read", () => {
  const unread: Stream[] = []

  beforeAll(async () => {
    const end = Date.now() + 120_000
    // where it was ended before enough of its output waited, the engine goes on as always: then another one
    while ((await engine.docker(['exec', container, 'true'], { timeoutMs: 5_000 }).catch(() => null))?.code === 0) {
      expect(Date.now()).toBeLessThan(end)
      unread.push(stream(docker, ['exec', container, 'sh', '-c', 'echo $$ >/unread; exec yes']))
      await delay(1_000)
      await engine.ok(['exec', '-d', container, 'sh', '-c', 'kill -9 $(cat /unread)'])
    }
  })

  afterAll(() => {
    for (const client of unread) client.kill()
  })

  test('a script is judged by its own word, though the engine tells of no end', async () => {
    const result = await execTruthfully(docker, { container, script: 'echo here; exit 3', deadlineMs: 170_000 })
    expect(result).toMatchObject({ code: 3, ended: { kind: 'exit', code: 3 }, stdout: 'here\n' })
  })

  test('so is one that has input', async () => {
    const input = async function* () {
      for (let i = 0; i < 10; i++) yield Buffer.alloc(100_000)
    }
    const result = await execTruthfully(docker, { container, script: 'wc -c', input: input(), deadlineMs: 170_000 })
    expect(result).toMatchObject({ code: 0, stdout: '1000000\n' })
  })
})
