/** Copies of a volume on a real engine, with GNU tools and with BusyBox: identical, or a failure that says why. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CopyRequest, copyVolume } from '../../../src/copy/copyVolume.ts'
import { describeTrees, inVolume, openTestBench, type TestBench } from '../../support/bench.ts'
import { ATTRIBUTE_TOOLS } from '../../support/debianPackages.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
let gnu: string
let odd: string

const wanted = (over: Partial<CopyRequest>): CopyRequest => ({
  name: 'data',
  source: '/marina/source/0',
  destination: '/backup/20261124-000000/volume/data',
  paths: [],
  exclude: [],
  deadlineMs: 100_000,
  ...over,
})

beforeAll(async () => {
  gnu = await engine.debian(ATTRIBUTE_TOOLS)
  odd = engine.name('odd')
  await inVolume(engine, gnu, odd, await readFile(join(import.meta.dirname, '../../support/odd-volume.sh'), 'utf8'))
})

afterAll(async () => {
  await engine.docker(['volume', 'rm', odd])
})

/** Runs with a helper of the given tools; `peer` is a container with GNU tools that sees the same volumes. */
async function withBench(
  tools: string,
  volumes: string[],
  work: (bench: TestBench, peer: string) => Promise<void>,
  staging = engine.name('staging'),
): Promise<void> {
  const bench = await openTestBench(engine, tools === 'GNU' ? gnu : engine.baseImage, volumes, staging)
  const peer = tools === 'GNU' ? bench : await openTestBench(engine, gnu, volumes, staging)
  try {
    await work(bench, peer.container)
  } finally {
    await bench.remove()
    if (peer !== bench) await peer.remove()
    await engine.docker(['volume', 'rm', staging])
  }
}

describe.each(['GNU', 'BusyBox'])('%s', (tools) => {
  const fine = tools === 'GNU'

  test('a whole volume of odd things is identical', async () => {
    await withBench(tools, [odd], async (bench, peer) => {
      const request = wanted({})
      const copied = await copyVolume(bench, request)
      expect(copied.warnings).toEqual(bench.tools.warnings)
      const [original, copy] = await describeTrees(engine, peer, [request.source, request.destination], { fine })
      expect(original).toContain('bad\\xff\\x81utf8')
      expect(copy).toBe(original)
    })
  })

  test('the same by a list, where a directory is excluded', async () => {
    await withBench(tools, [odd], async (bench, peer) => {
      const request = wanted({ exclude: ['/.cache'] })
      await copyVolume(bench, request)
      const [original = '', copy] = await describeTrees(engine, peer, [request.source, request.destination], { fine })
      const without = original.split('\n').filter((line) => !line.includes('./.cache'))
      expect(original).toContain('./.cache/junk')
      expect(copy).toBe(without.join('\n'))
    })
  })
})
