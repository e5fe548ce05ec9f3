/** Two passes around a stop, under an application that does everything to its files: the copy equals the stopped volume. */

import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CopyHelper } from '../../../src/copy/copyHelper.ts'
import { type CopyRequest, copyVolume } from '../../../src/copy/copyVolume.ts'
import { confirmPasses, firstPass, secondPass } from '../../../src/copy/twoPassCopy.ts'
import { describeTrees, openTestBench, type TestBench } from '../../support/bench.ts'
import { ATTRIBUTE_TOOLS } from '../../support/debianPackages.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
/** More by hand: `MARINA_PRESYNC_RUNS=300`. */
const RUNS = Number(process.env.MARINA_PRESYNC_RUNS ?? 5)
const FIRST_SEED = Number(process.env.MARINA_PRESYNC_SEED ?? 1)

let gnu: string
beforeAll(async () => {
  gnu = await engine.debian(ATTRIBUTE_TOOLS)
})

interface Mutator {
  go(seed: number, how?: ' everywhere plain' | ' plain' | ''): Promise<void>
  stop(): Promise<void>
  end(): Promise<void>
}

async function startMutator(container: string): Promise<Mutator> {
  const program = await readFile(join(import.meta.dirname, '../../support/mutator.pl'), 'utf8')
  const child: ChildProcess = spawn('docker', ['exec', '-i', '-w', '/v', container, 'perl', '-e', program], {
    env: { ...process.env, ...engine.env() },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  const ask = async (command: string, answer: string) => {
    child.stdin?.write(`${command}\n`)
    const { value } = await lines.next()
    if (value !== answer) throw new Error(`the mutator answered ${value} to ${command}`)
  }
  return {
    go: (seed, how = '') => ask(`go ${seed}${how}`, 'going'),
    stop: () => ask('stop', 'stopped'),
    end: async () => {
      child.stdin?.end()
      await ended
    },
  }
}

describe.each(['GNU', 'BusyBox'])('%s', (tools) => {
  const fine = tools === 'GNU'
  const volume = engine.name(`mutated-${tools.toLowerCase()}`)
  const staging = engine.name(`presync-${tools.toLowerCase()}`)
  const application = engine.name(`application-${tools.toLowerCase()}`)
  const request: CopyRequest = {
    name: 'data',
    source: '/marina/source/0',
    destination: '/backup/T/volume/data',
    paths: [],
    exclude: [],
    allowEmpty: true,
    deadlineMs: 60_000,
  }
  let bench: TestBench
  let mutator: Mutator

  beforeAll(async () => {
    await engine.ok([
      ...['run', '-d', '--name', application, '--init', '--network', 'none', '-v', `${volume}:/v`],
      ...['-v', `${staging}:/backup`, gnu, 'sleep', '100000'],
    ])
    bench = await openTestBench(engine, tools === 'GNU' ? gnu : engine.baseImage, [volume], staging)
    mutator = await startMutator(application)
  })

  afterAll(async () => {
    await mutator.end()
    await bench.remove()
    await engine.ok(['rm', '-fv', application])
    await engine.ok(['volume', 'rm', volume, staging])
  })

  test(
    `the staged tree equals the stopped volume, ${RUNS} times`,
    async () => {
      await mutator.go(FIRST_SEED, ' everywhere plain')
      await delay(3000)
      await mutator.stop()
      await mutator.go(FIRST_SEED, ' plain')
      // a file younger than two seconds is always copied again
      await delay(3000)
      let again = 0
      for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
        const before = await firstPass(bench, request)
        await mutator.stop()
        const after = await secondPass(bench, request, before)
        const copied = await confirmPasses(bench, request, after)
        const [original, copy] = await describeTrees(engine, application, ['/v', request.destination], { fine })
        expect(copy, `seed ${seed}`).toBe(original)
        again += after.copied / Math.max(1, copied.files)
        // directories with extended attributes are brought up to date in another way: the first half has none
        await mutator.go(seed + 1, seed < FIRST_SEED + RUNS / 2 ? ' plain' : '')
        await engine.ok(['exec', application, 'rm', '-rf', '/backup/T'])
      }
      // were everything copied again each time, this would show nothing
      expect(again / RUNS).toBeLessThan(0.9)
      console.log(`${tools}: ${Math.round((again / RUNS) * 100)} % of the files are copied again on average`)
    },
    RUNS * 60_000,
  )

  test('two directories that were swapped while they were copied, and swapped back', async () => {
    const inApplication = (script: string) => engine.ok(['exec', '-w', '/v', application, 'sh', '-c', script])
    await mutator.stop()
    // nothing but the content tells the two files apart
    await inApplication('mkdir -p x/a x/b; printf AAAA >x/a/f; printf BBBB >x/b/f; touch -d @1000000000 x/a/f x/b/f')
    await delay(3000)
    const swap = () => inApplication('mv x/a x/t; mv x/b x/a; mv x/t x/b')
    const swapped: CopyHelper = {
      ...bench,
      exec: async (asked) => {
        if (!asked.script.includes('cp -a')) return bench.exec(asked)
        await swap()
        const result = await bench.exec(asked)
        await swap()
        return result
      },
    }
    const before = await firstPass(swapped, request)
    expect(await inApplication('cat /backup/T/volume/data/x/a/f')).toBe('BBBB')
    await secondPass(bench, request, before)
    expect(await inApplication('cat /backup/T/volume/data/x/a/f')).toBe('AAAA')
    await inApplication('rm -rf /backup/T x')
    await mutator.go(499)
  })

  test('a copy without a stop is whole but for what changed, 5 times', async () => {
    for (let seed = 500; seed < 505; seed++) {
      await copyVolume(bench, request)
      await mutator.stop()
      await mutator.go(seed)
      await engine.ok(['exec', application, 'rm', '-rf', '/backup/T'])
    }
  })
})
