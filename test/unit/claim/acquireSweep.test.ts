/** A clean-up that takes long shows that its run lives, and notices if another run has taken its place. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { holdSweep } from '../../../src/claim/acquireSweep.ts'
import { sweepName } from '../../../src/docker/labels.ts'
import type { Docker } from '../../../src/docker/process.ts'
import { idOf } from '../../support/containers.ts'

const ID = idOf('helper')

/** An engine with one container, whose name stands in a file. */
function engineWithContainer(name: string) {
  const folder = mkdtempSync(join(tmpdir(), 'marina-docker-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'name')
  writeFileSync(file, name)
  const script = `#!/bin/sh
case $1 in
  rename) printf %s "$3" >${file}.new && mv ${file}.new ${file} ;;
  *) printf '[{"Id":"${ID}","Name":"/%s","State":{"Status":"running"},"Config":{}}]' "$(cat ${file})" ;;
esac
`
  writeFileSync(join(folder, 'docker'), script, { mode: 0o755 })
  const path = process.env.PATH
  process.env.PATH = `${folder}${delimiter}${path}`
  onTestFinished(() => {
    process.env.PATH = path
  })
  const docker: Docker = { env: { PATH: process.env.PATH }, redact: (text) => text }
  return { docker, nameNow: () => readFileSync(file, 'utf8'), rename: (to: string) => writeFileSync(file, to) }
}

test('the container gets the next name again and again, and stays ours', async () => {
  const engine = engineWithContainer(sweepName(ID, 1))
  await holdSweep(
    engine,
    ID,
    async (checkOwner) => {
      await expect.poll(engine.nameNow, { timeout: 60_000 }).toBe(sweepName(ID, 3))
      await checkOwner()
    },
    20,
  )
})

test('a name that is not ours ends the work, and is left alone', async () => {
  const engine = engineWithContainer(sweepName(ID, 1))
  const held = holdSweep(
    engine,
    ID,
    async (checkOwner) => {
      engine.rename('marina-sweep-of-another')
      await checkOwner()
    },
    3_600_000,
  )
  await expect(held).rejects.toThrow('another run has taken over the clean-up')
  expect(engine.nameNow()).toBe('marina-sweep-of-another')
})
