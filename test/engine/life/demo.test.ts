/** `npm start` on an engine that was there before: it ends as planned, and leaves nothing behind. */

import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { run } from '../../../examples/demo/process.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()

test('the demonstration ends as planned and removes what it made', async () => {
  // The name of its base image is there, so that it neither asks a registry nor removes what it did not bring.
  await engine.ok(['tag', engine.baseImage, 'alpine:3.22'])
  onTestFinished(async () => void (await engine.ok(['image', 'rm', 'alpine:3.22'])))
  const before = await everything()
  const temp = join(tmpdir(), engine.name('demo'))
  await mkdir(temp)
  onTestFinished(() => rm(temp, { recursive: true }))
  const demo = await run(process.execPath, [join(import.meta.dirname, '../../../examples/demo/run.ts')], {
    env: { ...process.env, ...engine.env(), TMPDIR: temp },
  })
  expect(demo).toMatchObject({ code: 0, stderr: '' })
  expect(demo.stdout).toMatch(/As planned: marina-demo-\w+-green succeeded, marina-demo-\w+-red failed/)
  expect(demo.stdout).not.toContain('a-secret-of-the-demonstration')
  expect(await everything()).toEqual(before)
  for (const what of ['Summary, as GitHub would show it', 'Logs', 'Report']) {
    const path = new RegExp(`^${what}: +(/.*)$`, 'm').exec(demo.stdout)?.[1] ?? ''
    expect(dirname(path), what).toContain(temp)
    expect(existsSync(path), what).toBe(true)
  }
})

/** All objects of the engine, by name or id. */
async function everything(): Promise<string[]> {
  const lists = await Promise.all([
    engine.ok(['ps', '-a', '--format', '{{.Names}}']),
    engine.ok(['volume', 'ls', '-q']),
    engine.ok(['network', 'ls', '--format', '{{.Name}}']),
    engine.ok(['image', 'ls', '-a', '--format', '{{.ID}} {{.Repository}}:{{.Tag}}']),
  ])
  return lists.flatMap((list) => list.split('\n').sort())
}
