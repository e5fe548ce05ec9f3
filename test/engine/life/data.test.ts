/** What the backup image finds below /backup is the volume, to the last attribute; and the seed example, as it is in the README. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { IDLES, startApp, startOf } from '../../support/applications.ts'
import { describeTrees, inVolume } from '../../support/bench.ts'
import { ATTRIBUTE_TOOLS } from '../../support/debianPackages.ts'
import {
  expectNoTrace,
  filledVolume,
  leftOf,
  reportOf,
  runJob,
  shell,
  startJob,
  testEngine,
  toldImage,
  writeFile,
} from '../../support/run.ts'

const engine = testEngine()
const id = (what: string) => engine.name(what)
const WAIT = 'echo dir=$MARINA_BACKUP_DIR; while [ ! -e /tmp/go ]; do sleep 0.2; done'
const EXAMPLE = join(import.meta.dirname, '../../../examples/custom-backup-image')

let gnu: string
let odd: string

beforeAll(async () => {
  gnu = await engine.debian(ATTRIBUTE_TOOLS)
  odd = id('odd-data')
  await inVolume(engine, gnu, odd, await readFile(join(import.meta.dirname, '../../support/odd-volume.sh'), 'utf8'))
})

afterAll(async () => {
  await engine.docker(['volume', 'rm', odd, id('seed')])
})

test('a volume of odd things arrives identically by mount and by copy', async () => {
  // the image with GNU tools, so that nothing is lost; its reader is find, stat and sha256sum, not Marina
  await engine.ok(['build', '-q', '-t', `${id('odd-image')}:latest`, '-'], {
    input: `FROM ${gnu}\n${writeFile('/backup.sh', '#!/bin/sh\neval "$DO"\n')}\nRUN chmod 755 /backup.sh\n`,
    env: { ...process.env, BUILDX_BUILDER: 'default' },
  })
  const instance = (what: string, staging: string) => ({
    id: id(what),
    customImage: `${id('odd-image')}:latest`,
    pull: 'never',
    targets: [{ volume: odd, staging }],
    env: { DO: shell(WAIT) },
  })
  const config = { instances: [instance('mounted', 'mount'), instance('copied', 'copy')] }
  const source = id('odd-source')
  await engine.ok(['run', '-d', '--name', source, '-v', `${odd}:/v:ro`, gnu, 'sleep', '1000'])
  try {
    const original = await describeTrees(engine, source, ['/v'], { fine: true })
    for (const odd of ['bad\\xff\\x81utf8', '--help', 'new\\x0aline', 'user.note', 'sock'])
      expect(original.join()).toContain(odd)
    const running = await startJob(engine, config, { inputs: { 'max-parallel': '2' } })
    const found: Record<string, string[]> = {}
    for (const [what, container] of [
      ['mounted', `marina-run-${id('mounted')}`],
      ['copied', `marina-image-${id('copied')}`],
    ] as const) {
      const directory = await untilRunning(container)
      found[what] = await describeTrees(engine, container, [`${directory}/volume/${odd}`], { fine: true })
      await engine.ok(['exec', container, 'touch', '/tmp/go'])
    }
    const ran = await running.done
    expect(found.mounted).toEqual(original)
    expect(found.copied).toEqual(original)
    expectNoTrace(ran)
    expect(ran.code).toBe(0)
    expect(reportOf(ran, id('copied')).targets).toMatchObject([{ staging: 'copy', warnings: [] }])
    // and the source was not touched
    expect(await describeTrees(engine, source, ['/v'], { fine: true })).toEqual(original)
  } finally {
    await engine.docker(['rm', '-fv', source])
  }
  expect(await leftOf(engine)).toEqual([])
})

/** The backup container's MARINA_BACKUP_DIR, once it runs. */
async function untilRunning(container: string): Promise<string> {
  const format = '{{.State.Running}} {{range .Config.Env}}{{println .}}{{end}}'
  let seen = ''
  await expect
    .poll(
      async () => {
        seen = (await engine.docker(['inspect', '-f', format, container])).stdout
        return seen
      },
      { timeout: 150_000, interval: 300 },
    )
    .toMatch(/^true /)
  return /^(?:true )?MARINA_BACKUP_DIR=(.*)$/m.exec(seen)?.[1] ?? ''
}

test('what only a failed target needs is not stopped', async () => {
  const volumes = { good: await filledVolume(engine, 'needs-good'), bad: await filledVolume(engine, 'needs-bad') }
  // one group: an application has both volumes
  const both = await startApp(engine, 'needs-both', { volumes: [volumes.good, volumes.bad], script: IDLES })
  const onlyBad = await startApp(engine, 'needs-only-bad', { volumes: [volumes.bad], script: IDLES })
  const onlyGood = await startApp(engine, 'needs-only-good', { volumes: [volumes.good], script: IDLES })
  const [bothSince, badSince, goodSince] = await Promise.all(
    [both, onlyBad, onlyGood].map((app) => startOf(engine, app)),
  )
  const instance = {
    id: id('needs'),
    customImage: await toldImage(engine),
    pull: 'never',
    targets: [
      { volume: volumes.good, stopAttached: true },
      { volume: volumes.bad, stopAttached: true, paths: ['not/there'] },
    ],
    env: { DO: shell('exit 0') },
  }
  const ran = await runJob(engine, { instances: [instance] })
  expectNoTrace(ran)
  expect(reportOf(ran, id('needs')).targets).toMatchObject([
    { status: 'staged', staging: 'presync' },
    { status: 'failed' },
  ])
  expect(await startOf(engine, onlyBad)).toBe(badSince)
  expect(await startOf(engine, both)).not.toBe(bothSince)
  expect(await startOf(engine, onlyGood)).not.toBe(goodSince)
})

test('the seed example: labelled volume, both variables, id and host seen by the script', async () => {
  const image = `${id('example-backup')}:latest`
  await engine.ok(['build', '-q', '--build-arg', `BASE_IMAGE=${engine.baseImage}`, '-t', image, EXAMPLE], {
    env: { ...process.env, BUILDX_BUILDER: 'default' },
  })
  await filledVolume(engine, 'seed', 'mkdir photos; echo 1 >photos/one.jpg', {
    'dev.polarfox.marina.enabled': 'true',
    'dev.polarfox.marina.instanceID': id('custom-backup'),
  })
  const config = `
instances:
  - id: ${id('custom-backup')}
    customImage: ${image}
    pull: missing
    schedule: "0 4 * * *"
    env:
      BACKUP_ENDPOINT: https://backup.example.com
      BACKUP_TOKEN: \${BACKUP_TOKEN}
      WAIT_SECONDS: 1
      FAIL_PERCENT: 0
`
  const ran = await runJob(engine, config, { inputs: { variables: 'BACKUP_TOKEN=seed-token-4711' } })
  expectNoTrace(ran)
  expect(ran).toMatchObject({
    code: 0,
    outputs: { result: 'success', succeeded: JSON.stringify([id('custom-backup')]) },
  })
  const host = await engine.ok(['info', '--format', '{{.Name}}'])
  for (const line of [
    `Instance:  ${id('custom-backup')}`,
    `Host:      ${host}`,
    'Token:     given',
    'The backup succeeded.',
  ])
    expect(ran.stdout.split('\n')).toContain(line)
  expect(ran.stdout).toContain('Endpoint:  https://backup.example.com\n')
  expect(ran.stdout).toContain('one.jpg')
  expect(ran.summary).toMatch(/^### ✅ \S+: 1 backup done in /)
  expect(await leftOf(engine)).toEqual([])
})

test('what a volume’s own name and content say cannot lead out of the run directory', async () => {
  // a link in the volume that points out of it stays a link: neither staging follows it
  const volume = await filledVolume(
    engine,
    'links',
    'ln -s / root; ln -s ../../../manifest.json manifest.json; mkdir d; ln -s /etc d/etc; echo x >d/x',
  )
  const image = await toldImage(engine)
  const look =
    'cd $MARINA_BACKUP_DIR/volume/*; find . -type l | sort; readlink root; readlink d/etc; grep -c instance ../../manifest.json'
  const instance = (what: string, more: object) => ({
    id: id(what),
    customImage: image,
    pull: 'never',
    env: { DO: shell(look) },
    ...more,
  })
  const ran = await runJob(engine, {
    instances: [
      instance('links-mounted', { targets: [{ volume }] }),
      instance('links-copied', { targets: [{ volume, staging: 'copy' }] }),
      instance('links-excluded', { targets: [{ volume, exclude: ['/d/x'] }] }),
    ],
  })
  expect(ran.code).toBe(0)
  for (const what of ['links-mounted', 'links-copied', 'links-excluded']) {
    const log = await readFile(reportOf(ran, id(what)).log ?? '', 'utf8')
    expect(log.split('\n').flatMap((line) => / out (.*)$/.exec(line)?.[1] ?? [])).toEqual([
      './d/etc',
      './manifest.json',
      './root',
      '/',
      '/etc',
      '1',
    ])
  }
  await engine.docker(['volume', 'rm', volume])
})
