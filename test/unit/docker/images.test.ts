import { expect, test } from 'vitest'
import { compareVersions } from '../../../src/docker/engine.ts'
import { dropsItsCommand, ensureImage } from '../../../src/docker/images.ts'
import { scriptedClient } from '../../support/scripted-client.ts'

test.each`
  entrypoint                                       | drops
  ${[]}                                            | ${false}
  ${['/bin/sh', '-c', 'exec restic']}              | ${true}
  ${['/bin/bash', '-c', 'run']}                    | ${true}
  ${['/bin/sh', '-e', '-c', 'run']}                | ${true}
  ${['/bin/bash', '-eo', 'pipefail', '-c', 'run']} | ${true}
  ${['/bin/bash', '-o', 'pipefail', '-ec', 'run']} | ${true}
  ${['/bin/sh', 'run.sh', '-c', 'x']}              | ${false}
  ${['/bin/sh', '-c']}                             | ${false}
  ${['/bin/sh', '-c', 'exec "$0" "$@"']}           | ${false}
  ${['/bin/sh', '-c', 'exec "$1"']}                | ${false}
  ${['/entrypoint.sh']}                            | ${false}
  ${['tini', '--']}                                | ${false}
  ${['/sbin/tini', '--', 'sh', '-c', 'start']}     | ${true}
  ${['/usr/bin/env', 'sh', '-c', 'exec "$@"']}     | ${false}
  ${['/bin/sh', '-c', "ls | awk '{print $9}'"]}    | ${true}
`('$entrypoint drops /backup.sh: $drops', ({ entrypoint, drops }) => {
  expect(dropsItsCommand(entrypoint)).toBe(drops)
})

test.each`
  a         | b         | sign
  ${'1.41'} | ${'1.41'} | ${0}
  ${'1.9'}  | ${'1.41'} | ${-1}
  ${'1.45'} | ${'1.41'} | ${1}
  ${'2.0'}  | ${'1.99'} | ${1}
`('version $a against $b', ({ a, b, sign }) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign)
})

const ID = `sha256:cafe${'0'.repeat(60)}`
const described = (tags: readonly string[] | null) => JSON.stringify([{ Id: ID, RepoTags: tags }])
const NONE = { code: 1, stdout: '[]', stderr: 'Error: No such image: x' }

test.each([
  ['cafe', ['cafe:latest'], true],
  ['cafe', ['cafe:latest', 'shop:1'], true],
  [ID, ['shop:1'], true],
  [ID.slice('sha256:'.length), null, true],
  ['shop:1', ['shop:1'], true],
  ['registry.invalid:5000/cafe', null, true], // no id begins so: docker found it by its name
  ['cafe', ['shop:1'], false],
  ['cafe', ['cafe:2'], false],
  ['cafe00000000', null, false],
  ['sha256:cafe', ['shop:1'], false],
])('the image that docker finds for %s, with the tags %j, is the one: %s', async (reference, tags, isFound) => {
  const docker = await scriptedClient({ on: /^image inspect/, stdout: described(tags) })
  const found = ensureImage(docker, reference, 'never')
  if (isFound) expect((await found).id).toBe(ID)
  else
    await expect(found).rejects.toThrow(/is not on this host.*whose id begins so.* has the id sha256:cafe0+: write one/)
})

test('an image that is only meant by the beginning of its id is pulled by its name', async () => {
  const docker = await scriptedClient(
    { on: /^image inspect/, times: 1, stdout: described(['shop:1']) },
    { on: /^pull/ },
    { on: /^image inspect/, stdout: described(['shop:1', 'cafe:latest']) },
  )
  expect((await ensureImage(docker, 'cafe', 'missing')).id).toBe(ID)
})

test('a look at an image does not wait as long as a pull may', async () => {
  const docker = await scriptedClient({ on: /^image inspect/, ...NONE }, { on: /^pull/, delayMs: 2_000 })
  await expect(ensureImage(docker, 'shop:1', 'missing', { pullDeadlineMs: 300 })).rejects.toThrow(
    /could not be pulled: docker did not answer within 0 s/,
  )
})
