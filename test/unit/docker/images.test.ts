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

const BUILT = { Id: ID, RepoTags: ['marina/example:latest'], RepoDigests: [] }
const OTHER = `sha256:${'b'.repeat(64)}`
const MADE_UP = { ...BUILT, RepoDigests: [`marina/example@${ID}`] } // as the containerd store writes for every tag
const HUB_NAME = 'marina/example:latest'

test.each`
  what                                             | reference                     | local                                                                               | asks
  ${'built on the host'}                           | ${HUB_NAME}                   | ${BUILT}                                                                            | ${false}
  ${'built, and named for a registry'}             | ${'ghcr.io/me/b:1'}           | ${BUILT}                                                                            | ${false}
  ${'a pulled image under a name of its own'}      | ${HUB_NAME}                   | ${{ ...BUILT, RepoDigests: [`debian@${OTHER}`] }}                                   | ${false}
  ${'pulled'}                                      | ${HUB_NAME}                   | ${{ ...BUILT, RepoDigests: [`marina/example@${OTHER}`] }}                           | ${true}
  ${'pulled, the name written in full'}            | ${`docker.io/${HUB_NAME}`}    | ${{ ...BUILT, RepoDigests: [`marina/example@${OTHER}`] }}                           | ${true}
  ${'an official image, pulled'}                   | ${'docker.io/library/alpine'} | ${{ ...BUILT, RepoDigests: [`alpine@${OTHER}`] }}                                   | ${true}
  ${'pushed to its registry'}                      | ${'nas:5000/b'}               | ${{ ...BUILT, RepoDigests: [`nas:5000/b@${OTHER}`] }}                               | ${true}
  ${'containerd, of an engine that does not tell'} | ${HUB_NAME}                   | ${MADE_UP}                                                                          | ${false}
  ${'the same, with a registry in its name'}       | ${'ghcr.io/me/b:1'}           | ${{ ...BUILT, RepoDigests: [`ghcr.io/me/b@${ID}`] }}                                | ${true}
  ${'the same, with the host itself in its name'}  | ${'localhost/b:1'}            | ${{ ...BUILT, RepoDigests: [`localhost/b@${ID}`] }}                                 | ${false}
  ${'containerd, built'}                           | ${HUB_NAME}                   | ${{ ...MADE_UP, Identity: { Build: [{ Ref: 'x' }] } }}                              | ${false}
  ${'containerd, loaded'}                          | ${HUB_NAME}                   | ${{ ...MADE_UP, Identity: {} }}                                                     | ${false}
  ${'containerd, pulled'}                          | ${HUB_NAME}                   | ${{ ...MADE_UP, Identity: { Pull: [{ Repository: 'docker.io/marina/example' }] } }} | ${true}
  ${'containerd, pulled under another name'}       | ${HUB_NAME}                   | ${{ ...MADE_UP, Identity: { Pull: [{ Repository: 'docker.io/library/debian' }] } }} | ${false}
`('where pull is left out, $what ($reference): a registry is asked: $asks', async ({ reference, local, asks }) => {
  const docker = await scriptedClient({ on: /^image inspect/, stdout: JSON.stringify([local]) }, { on: /^pull/ })
  const found = await ensureImage(docker, reference, null)
  const pulls = (await docker.scripted.calls()).filter(({ argv }) => argv[0] === 'pull')
  expect(pulls).toHaveLength(asks ? 1 : 0)
  if (asks) expect(found.notice).toBeNull()
  else expect(found.notice).toMatch(/^image \S+ is on this host.*no registry is asked for it.*pull: always/)
})

test('an image that was never pulled is asked for where pull: always is written out', async () => {
  const docker = await scriptedClient({ on: /^image inspect/, stdout: JSON.stringify([BUILT]) }, { on: /^pull/ })
  expect(await ensureImage(docker, HUB_NAME, 'always')).toMatchObject({ notice: null, warnings: [] })
  expect((await docker.scripted.calls()).map(({ argv }) => argv[0])).toEqual(['pull', 'image'])
})

test('where pull is left out, an image that is not on the host is pulled', async () => {
  const docker = await scriptedClient(
    { on: /^image inspect/, times: 1, ...NONE },
    { on: /^pull/ },
    { on: /^image inspect/, stdout: JSON.stringify([BUILT]) },
  )
  expect(await ensureImage(docker, HUB_NAME, null)).toMatchObject({ id: ID, notice: null })
})

test('an image that a digest names and that is on the host is not pulled: it cannot change', async () => {
  const reference = `marina/example:1@${OTHER}`
  const docker = await scriptedClient({
    on: /^image inspect/,
    stdout: JSON.stringify([{ ...BUILT, RepoDigests: [`marina/example@${OTHER}`] }]),
  })
  expect(await ensureImage(docker, reference, null)).toMatchObject({ id: ID, notice: null })
})

test('the warning of a pull that failed says how to be rid of it', async () => {
  const docker = await scriptedClient(
    { on: /^pull/, code: 1, stderr: 'Error response from daemon: no such host' },
    { on: /^image inspect/, stdout: JSON.stringify([BUILT]) },
  )
  const { warnings } = await ensureImage(docker, HUB_NAME, 'always')
  expect(warnings).toEqual([
    'image marina/example:latest could not be pulled: no such host; the local image is used (to avoid this warning: pull: missing)',
  ])
})
