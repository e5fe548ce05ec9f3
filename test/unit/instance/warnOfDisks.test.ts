import { expect, test } from 'vitest'
import type { ReadyImage } from '../../../src/docker/images.ts'
import type { InstanceRun } from '../../../src/instance/instanceRun.ts'
import { findDisks } from '../../../src/instance/warnOfDisks.ts'
import type { VolumeSource } from '../../../src/targets/resolve.ts'
import { idOf } from '../../support/containers.ts'
import { scriptedClient } from '../../support/scripted-client.ts'

const OTHER = `sha256:cafe${idOf('other').slice(4)}`
const MISSING = 'docker: Error response from daemon: exec: "cat": executable file not found in $PATH: unknown.\n'

test.each([
  ['is not on the host', { code: 1, stderr: 'Error response from daemon: No such image: cafe\n' }],
  [
    "is only the beginning of another image's id",
    { stdout: JSON.stringify([{ Id: OTHER, RepoTags: ['acme/app:1'] }]) },
  ],
])('a helperImage that %s is not run, and the log says that it is not there', async (_, inspected) => {
  const docker = await scriptedClient(
    { on: /^image inspect cafe/, ...inspected },
    { on: /^run .*--entrypoint \w+ sha256:bare/, code: 127, stderr: MISSING },
  )
  const said: string[] = []
  const run = {
    context: { host: { docker, owner: { job: 'j' } } },
    instance: { helperImage: 'cafe' },
    layout: { directory: '/backup' },
    abort: { signal: new AbortController().signal },
    log: { write: async (_from: string, line: string) => void said.push(line) },
  } as unknown as InstanceRun
  const mounts = () => [{ type: 'volume', source: 'v', target: '/backup/v', readonly: true }]
  const source = {
    volume: { name: 'v' },
    target: { paths: [] },
    staging: { strategy: { kind: 'mounting', mounts } },
  } as unknown as VolumeSource
  expect(await findDisks(run, { id: 'sha256:bare' } as ReadyImage, [source])).toEqual([])
  expect(said).toEqual([expect.stringMatching(/helperImage cafe is not on this host \(docker pull cafe\)/)])
  const runs = (await docker.scripted.calls()).filter(({ argv }) => argv[0] === 'run')
  expect(runs.flatMap(({ argv }) => argv).filter((word) => word.startsWith('cafe'))).toEqual([])
})
