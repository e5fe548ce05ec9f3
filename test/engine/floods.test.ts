/** Logs of a size that hurts: the action's memory stays flat, the log is whole, the summary fits. */

import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backUp, makeVolume, testEngine } from '../support/backup.ts'

const engine = testEngine()
const MB = 1 << 20

async function flood(name: string, script: string, bytesPerSecond?: number) {
  const volume = await makeVolume(engine, name)
  const id = engine.name(name)
  const config = `instances:
  - id: ${id}
    customImage: ${engine.baseImage}
    pull: never
    script: backup.sh
    targets: [{ volume: ${volume} }]
`
  const ran = await backUp({
    config,
    files: { 'backup.sh': `#!/bin/sh\n${script}\n` },
    stdout: { keepBytes: MB, ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }) },
  })
  const log = join(ran.outputs['log-directory'] ?? '', `${id}.log`)
  return { ran, log }
}

test('200 MB of lines to a slow reader', { timeout: 300_000 }, async () => {
  // 2,000,000 lines of 100 characters and a newline.
  const line = 'x'.repeat(99)
  const { ran, log } = await flood('lines', `yes ${line} | head -n 2000000; echo the last line`, 20 * MB)
  expect(ran.code, ran.stdout.slice(-2000)).toBe(0)
  expect(ran.peakRssBytes).toBeLessThan(150 * MB)
  let lines = 0
  let whole = 0
  const { createReadStream } = await import('node:fs')
  const { createInterface } = await import('node:readline')
  for await (const text of createInterface({ input: createReadStream(log) })) {
    lines++
    if (text.endsWith(` out ${line}`)) whole++
  }
  expect(whole).toBe(2_000_000)
  expect(lines).toBeGreaterThan(2_000_000)
  expect(Buffer.byteLength(ran.summary)).toBeLessThan(MB)
})

test('40 MB without a newline', { timeout: 180_000 }, async () => {
  const { ran, log } = await flood('oneline', 'head -c 41943040 /dev/zero | tr "\\0" y')
  expect(ran.code, ran.stdout.slice(-2000)).toBe(0)
  expect(ran.peakRssBytes).toBeLessThan(150 * MB)
  expect((await stat(log)).size).toBeGreaterThan(40 * MB)
  const letters = (await readFile(log, 'latin1')).replace(/^\S+ \S+ /gm, '').match(/y/g)?.length
  expect(letters).toBeGreaterThanOrEqual(40 * MB)
  expect(Buffer.byteLength(ran.summary)).toBeLessThan(MB)
  expect(ran.stdout).toMatch(/\n::[^\n]*\n/) // what comes after it still begins on a line of its own
})
