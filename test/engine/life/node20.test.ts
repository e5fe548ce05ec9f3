/** The whole job on Node 20.19, which Gitea, Forgejo and act may have on their PATH. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startArtifactService } from '../../support/artifact-service.ts'
import { findNode20, type Node20 } from '../../support/node20.ts'
import { expectNoTrace, given, leftOf, reportOf, runJob, startJob } from '../../support/run.ts'

const { engine, id, volume, instance } = given('n20')

let node20: Node20
beforeAll(async () => {
  node20 = await findNode20()
})
afterAll(() => node20?.dispose())

test('mount, copy, artifacts', async () => {
  const service = await startArtifactService()
  try {
    const copied = { targets: [{ volume, staging: 'copy' }] }
    const instances = [instance('n20-mount', 'echo mounted'), instance('n20-copy', 'echo copied', copied)]
    const ran = await runJob(engine, { instances }, { node: node20.path, env: service.env })
    expect(ran.code, ran.stdout).toBe(0)
    expect(ran.stdout).toMatch(/^mounted$(.|\n)*^copied$/m)
    expect(service.archives.size).toBe(2)
    expectNoTrace(ran)
    expect((await ran.post()).code).toBe(0)
    expect(await leftOf(engine)).toEqual([])
  } finally {
    service.stop()
  }
})

test('a cancel', async () => {
  const running = await startJob(
    engine,
    { instances: [instance('n20-cancel', 'echo begun; sleep 1000')] },
    { node: node20.path },
  )
  await running.says(/begun/)
  running.cancel()
  const ran = await running.done
  expect(reportOf(ran, id('n20-cancel')).status).toBe('cancelled')
  expectNoTrace(ran)
  expect(await leftOf(engine)).toEqual([])
})
