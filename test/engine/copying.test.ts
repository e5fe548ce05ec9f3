/** Copies that cannot be finished are failures, and leave nothing that looks like a backup. */

import { expect, onTestFinished, test } from 'vitest'
import { backUp, leftovers, makeVolume, startBackup, testEngine } from '../support/backup.ts'
import { attachEngine, type Engine, startPrivateEngine } from '../support/engine.ts'

function config(engine: Engine, volume: string): string {
  return `instances:
  - id: ${engine.name('copied')}
    customImage: ${engine.baseImage}
    pull: never
    script: backup.sh
    targets:
      - volume: ${volume}
        staging: copy
`
}

const FILES = { 'backup.sh': '#!/bin/sh\necho "the image ran"\nfind "$MARINA_BACKUP_DIR" -type f | wc -l\n' }

test('a disk that is too small for the copy: said before anything is copied, the image does not run', async () => {
  const small = await startPrivateEngine({ diskMiB: 128 })
  onTestFinished(() => small.stop())
  const engine = attachEngine(small)
  const volume = await makeVolume(engine, 'big', 'head -c 80000000 /dev/zero >big')
  const before = await leftovers(engine)
  const ran = await backUp({ docker: engine, config: config(engine, volume), files: FILES })
  expect(ran.code, ran.stdout).toBe(1)
  expect(ran.stdout).not.toContain('the image ran')
  expect(ran.report?.instances[0]?.targets[0]?.error).toMatch(/room|space|disk/i)
  expect(await leftovers(engine)).toEqual(before)
})

test('the container that copies is killed half way: failed, and the image does not run', async () => {
  const engine = testEngine()
  const volume = await makeVolume(
    engine,
    'many',
    'i=0; while [ $i -lt 3000 ]; do head -c 20000 /dev/zero >f$i; i=$((i+1)); done; head -c 200000000 /dev/zero >big',
  )
  const before = await leftovers(engine)
  const running = await startBackup({ config: config(engine, volume), files: FILES })
  const workbench = `marina-run-${engine.name('copied')}`
  await expect
    .poll(async () => (await engine.docker(['exec', workbench, 'find', '/backup', '-name', 'f1*'])).stdout, {
      timeout: 60_000,
      interval: 20,
    })
    .toContain('/f1')
  await engine.ok(['kill', workbench])
  const ran = await running.done
  expect(ran.code, ran.stdout).toBe(1)
  expect(ran.stdout).not.toContain('the image ran')
  expect(ran.outputs.result).toBe('failed')
  expect(ran.stdout).not.toMatch(/^\s+at .*\(/m)
  expect((await ran.post()).code).toBe(0)
  expect(await leftovers(engine)).toEqual(before)
})
