/** Volumes whose mount is refused, fails or hangs, on a real engine with drivers of the tests' own. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type OwnedEngine, startPrivateEngine } from '../../../examples/demo/engine.ts'
import { listContainers, listLooks } from '../../../src/docker/containers.ts'
import { tryMounts } from '../../../src/docker/tryMount.ts'
import { inspectVolumes } from '../../../src/docker/volumes.ts'
import { dockerOf } from '../../support/containers.ts'
import { filledVolume } from '../../support/run.ts'
import { serveVolumePlugin } from '../../support/volumePlugin.ts'

// an engine of its own: one that keeps volumes of a driver that is gone takes 15 s for every look at volumes
let engine: OwnedEngine
beforeAll(async () => {
  engine = await startPrivateEngine()
})
afterAll(() => engine?.stop())
const id = (what: string) => engine.name(what)

async function volumeOf(what: string, args: readonly string[]): Promise<string> {
  await engine.ok(['volume', 'create', ...args, id(what)])
  return id(what)
}

test('each is told for itself, and a mount that hangs keeps nobody', async () => {
  const hanging = await serveVolumePlugin(engine, 'hangs', null)
  onTestFinished(hanging.close)
  const refusing = await serveVolumePlugin(engine, 'refuses', 'sshfs -o password=hun,ter 2 u:hunter@nas:/x: refused')
  onTestFinished(refusing.close)
  const options = (...all: string[]) => all.flatMap((one) => ['--opt', one])
  const names = [
    await volumeOf('t-hangs', ['--driver', 'hangs']),
    await volumeOf('t-refused', ['--driver', 'refuses']),
    await volumeOf('t-gone', options('type=none', 'o=bind', 'device=/nowhere')),
    await volumeOf('t-bound', options('type=none', 'o=bind', 'device=/tmp')),
    await filledVolume(engine, 't-plain'),
  ]
  onTestFinished(async () => {
    hanging.unblock()
    for (const name of names) await engine.docker(['volume', 'rm', '-f', name])
  })
  const docker = dockerOf(engine)
  const image = await engine.ok(['image', 'inspect', '--format', '{{.Id}}', engine.baseImage])
  const job = id('t-job')
  const trial = { docker, image, job, signal: new AbortController().signal, deadlineMs: 15_000 }
  const failed = await tryMounts(trial, await inspectVolumes(docker, names))
  const said = [...failed].map(([volume, why]) => [volume.name.replace(/.*-/, ''), why])
  expect(said.map(([name]) => name)).toEqual(['hangs', 'refused', 'gone'])
  expect(said[0]?.[1]).toMatch(/could not be mounted: the engine gave no answer within 15 s \(driver hangs\)/)
  expect(said[1]?.[1]).toMatch(/could not be mounted: .*sshfs -o password=\*\*\*: refused/)
  expect(said[2]?.[1]).toMatch(/could not be mounted: .*\/nowhere.*no such file or directory/)

  // what hangs is listed to nobody who would inspect it
  const looks = await listLooks(docker, job)
  expect(looks.length).toBe(1)
  expect(await listContainers(docker, [])).not.toContain(looks[0]?.id)
  // the engine has the request to remove it, and follows it once the mount has ended
  hanging.unblock()
  await expect.poll(() => listLooks(docker, job), { timeout: 120_000, interval: 1_000 }).toEqual([])
})
