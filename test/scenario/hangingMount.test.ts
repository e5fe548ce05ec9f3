/** A volume whose server does not answer: its own target fails, the rest is backed up. */

import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'
import { expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { ENGINE_ANSWERS, type Rule, scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

const ID = 'c'.repeat(64)
const IMAGE = [{ Id: `sha256:${'1'.repeat(64)}`, RepoDigests: [], Config: { User: '', Entrypoint: null } }]
const PASSWORD = 'hunter,2'
const volume = (Name: string, Options: object | null) => ({
  Name,
  Driver: 'local',
  Mountpoint: `/var/lib/docker/volumes/${Name}/_data`,
  Options,
})
const SHARE = volume('share', {
  type: 'cifs',
  o: `addr=192.0.2.1,username=someone,password=${PASSWORD}`,
  device: '//192.0.2.1/x',
})
const GOOD = volume('good', null)
const ENDED = {
  Id: ID,
  Name: '/marina-run-a',
  State: { Status: 'exited', StartedAt: '2026-11-27T00:00:00Z', FinishedAt: '2026-11-27T00:00:01Z', ExitCode: 0 },
  Config: { Image: 'img:1', Labels: {} },
}

/** A folder with a file in it, as `docker cp CONTAINER:PATH -` gives it. */
async function folderAsTar(): Promise<string> {
  const tar = pack()
  tar.entry({ name: 'good/', type: 'directory' })
  tar.entry({ name: 'good/file' }, 'data')
  tar.finalize()
  return (await buffer(tar)).toString('latin1')
}

async function rules(): Promise<readonly Rule[]> {
  return [
    ...ENGINE_ANSWERS,
    { on: /^(ps|volume ls) / },
    { on: /^volume inspect share good/, stdout: JSON.stringify([SHARE, GOOD]) },
    { on: /^volume inspect good/, stdout: JSON.stringify([GOOD]) },
    { on: /^image inspect/, stdout: JSON.stringify(IMAGE) },
    { on: /^create .*marina-look-/, stdout: `${'d'.repeat(64)}\n` },
    // the engine mounts the share, and hears nothing
    { on: /^(cp|rm|container inspect) .*marina-look-/, hangs: true },
    { on: /^run /, code: 125 },
    { on: /^create .*marina-run-a/, stdout: `${ID}\n` },
    { on: /^cp c+:\/backup\/.*\/volume\/good -/, stdout: await folderAsTar() },
    { on: /^cp - /, readsStdin: true },
    { on: /^cp c+:\/backup\/.*\/result\.json -/, stderr: 'Could not find the file', code: 1 },
    { on: /^start /, stdout: 'done\n' },
    { on: /^container inspect c/, stdout: JSON.stringify([ENDED]) },
    { on: /^rm .* c+$/ },
  ]
}

test('a share that hangs fails its target, in time and without its password', { timeout: 180_000 }, async () => {
  const workspace = await makeWorkspace({
    'config.yml': `instances:
  - id: a
    customImage: img:1
    pull: never
    timeout: 20s
    targets: [{volume: share}, {volume: good}]
`,
  })
  const docker = await scriptDocker(join(workspace, '../docker'), await rules())
  const ran = await runAction({ workspace, docker, inputs: { 'upload-logs': 'false', 'allow-partial': 'true' } })
  expect(await docker.unexpected()).toEqual([])
  const [instance] = ran.report?.instances ?? []
  expect(instance).toMatchObject({ status: 'partial', exitCode: 0 })
  expect(instance?.targets.map(({ name, status }) => [name, status])).toEqual([
    ['share', 'failed'],
    ['good', 'staged'],
  ])
  expect(instance?.targets[0]?.error).toBe(
    'volume share could not be mounted: the engine gave no answer within 20 s (cifs, //192.0.2.1/x, addr=192.0.2.1,username=***,password=***,***). See that what it lies on answers (docker volume inspect share)',
  )
  expect(`${ran.stdout}${ran.summary}${JSON.stringify(ran.report)}`).not.toMatch(/hunter|someone/)
  expect(ran.code).toBe(0)
})
