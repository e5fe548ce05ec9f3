/** Restores through the built action on a real engine: the points, into new volumes, into place, and what an image that lies is told. */
import { expect, test } from 'vitest'
import { startApp, statusOf } from '../../support/applications.ts'
import {
  builtImage,
  type ConfigText,
  filledVolume,
  leftOf,
  runJob,
  shell,
  testEngine,
  writeFile,
} from '../../support/run.ts'
import { atTestEnd } from '../../support/testEnd.ts'

const engine = testEngine()
const HAND = { GITHUB_EVENT_NAME: 'workflow_dispatch' }

/** Stores each backup as an archive in the volume at /store, and brings it back. */
const BACKUP = `#!/bin/sh
set -e
tar --numeric-owner -C "$MARINA_BACKUP_DIR" -cf "/store/$MARINA_TIMESTAMP.part" .
mv "/store/$MARINA_TIMESTAMP.part" "/store/$MARINA_TIMESTAMP.tar"
`
const RESTORE = `#!/bin/sh
set -e
cd /store
if [ -n "$MARINA_RESTORE_LIST" ]; then
  for f in *.tar; do t=\${f%.tar}; echo "$t $(echo "$t" | sed 's/\\(....\\)\\(..\\)\\(..\\)-\\(..\\)\\(..\\)\\(..\\)/\\1-\\2-\\3T\\4:\\5:\\6Z/') $(stat -c %s "$f") bytes"; done
  exit 0
fi
if [ "$MARINA_RESTORE_POINT" = latest ]; then f=$(ls *.tar | tail -n 1); else f=$MARINA_RESTORE_POINT.tar; fi
tar --numeric-owner -xpf "$f" -C "$MARINA_RESTORE_DIR"
eval "$LIE"
`

const image = () =>
  builtImage(engine, 'keeps', [
    writeFile('/backup.sh', BACKUP),
    writeFile('/restore.sh', RESTORE),
    'RUN chmod 755 /backup.sh /restore.sh',
  ])

/** An odd tree: owners, modes, times, links, holes, names. */
const TREE = `
echo one >one; mkdir -p sub/deep; echo two >sub/deep/two; chown 1234:77 sub/deep/two; chmod 4750 sub/deep/two
ln -s one link; ln one hard; mkfifo pipe; printf 'a' >"odd
name"; chmod 2770 sub; touch -d @1000000000 one; chown 33:33 .; chmod 751 .`

async function given(name: string, more: Readonly<Record<string, unknown>> = {}) {
  const volume = await filledVolume(engine, `${name}-data`, TREE)
  const store = await filledVolume(engine, `${name}-store`, '')
  const id = engine.name(name)
  const instance = {
    id,
    customImage: await image(),
    pull: 'never',
    targets: [{ volume, stopAttached: true }],
    mounts: [`${store}:/store`],
    ...more,
  }
  const config = { instances: [instance] }
  const restore = (inputs: Readonly<Record<string, string>>, lie = '') =>
    runJob(
      engine,
      { instances: [{ ...instance, env: { LIE: shell(lie) } }] },
      { inputs: { command: 'restore', instances: id, ...inputs }, env: HAND },
    )
  return { volume, id, config, restore }
}

async function backUp(config: ConfigText): Promise<void> {
  const ran = await runJob(engine, config)
  expect(ran.outputs.result, ran.stdout).toBe('success')
}

/** Everything that a listing shows of a volume, and the content of its files. */
async function treeOf(volume: string): Promise<string> {
  const script = `cd /v && find . ! -type l -print0 | sort -z | xargs -0 stat -c '%n|%F|%a|%u|%g|%Y|%h|%s' | grep -v '|directory|.*|4096$' ; find . -type d -print0 | sort -z | xargs -0 stat -c '%n|%a|%u|%g'; find . -type f -print0 | sort -z | xargs -0 sha256sum; readlink link || true`
  return engine.ok([
    'run',
    '--rm',
    '--network',
    'none',
    '--mount',
    `type=volume,src=${volume},dst=/v,volume-nocopy,readonly`,
    engine.baseImage,
    'sh',
    '-c',
    script,
  ])
}

async function change(
  volume: string,
  script = 'rm -rf sub one; echo new >new; chmod 700 .; chown 0:0 .',
): Promise<void> {
  await engine.ok([
    'run',
    '--rm',
    '--network',
    'none',
    '--mount',
    `type=volume,src=${volume},dst=/v,volume-nocopy`,
    '-w',
    '/v',
    engine.baseImage,
    'sh',
    '-c',
    script,
  ])
}

const removeAtEnd = (...volumes: string[]) =>
  atTestEnd(async () => void (await engine.docker(['volume', 'rm', '-f', ...volumes])))

test('lists the points, newest last, and restores one into new volumes beside the running ones', async () => {
  const { volume, config, restore, id } = await given('new')
  await backUp(config)
  const before = await treeOf(volume)
  const listed = await restore({})
  expect(listed).toMatchObject({ code: 0, outputs: { result: 'listed' } })
  const [point] = JSON.parse(listed.outputs.points ?? '[]')
  expect(point).toMatchObject({
    id: expect.stringMatching(/^\d{8}-\d{6}$/),
    text: expect.stringMatching(/^\d+ bytes$/),
  })
  expect(listed.summary).toContain('1 point to restore')
  await change(volume)
  const changed = await treeOf(volume)
  const restored = await restore({ point: point.id })
  const made = `${volume}-restored-${point.id}`
  removeAtEnd(made)
  expect(restored).toMatchObject({ code: 0, outputs: { result: 'restored' } })
  expect(JSON.parse(restored.outputs.restored ?? '[]')).toEqual([
    { kind: 'volume', name: volume, to: made, kept: null },
  ])
  expect(await treeOf(made)).toBe(before)
  expect(await treeOf(volume)).toBe(changed)
  const again = await restore({ point: point.id })
  expect(again.code).toBe(1)
  expect(again.stdout).toContain('is there already, from an earlier restore')
  expect(await leftOf(engine, id)).toEqual([])
})

test('restores into place: the application is stopped, the old data kept, and everything is as it was backed up', async () => {
  const { volume, config, restore, id } = await given('place')
  const app = await startApp(engine, 'place-app', {
    volumes: [volume],
    script: `trap 'exit 0' TERM; while :; do sleep 0.1; done`,
  })
  await backUp(config)
  const before = await treeOf(volume)
  await change(volume)
  const changed = await treeOf(volume)
  const refused = await restore({ point: 'latest', into: 'place' })
  expect(refused.code).toBe(1)
  expect(refused.stdout).toContain('write its id into confirm')
  const restored = await restore({ point: 'latest', into: 'place', confirm: id })
  expect(restored, restored.stdout).toMatchObject({ code: 0, outputs: { result: 'restored' } })
  const [{ kept }] = JSON.parse(restored.outputs.restored ?? '[{}]')
  removeAtEnd(kept)
  expect(await treeOf(volume)).toBe(before)
  expect(await treeOf(kept)).toBe(changed)
  expect(await statusOf(engine, app)).toBe('running')
})

test('an image that lies is told so before anything is touched', async () => {
  const { volume, config, restore, id } = await given('lies')
  await backUp(config)
  const before = await treeOf(volume)
  const lies = [
    ['rm /restore/manifest.json', 'restored no manifest.json'],
    ['echo "{" >/restore/manifest.json', 'is no JSON'],
    [`rm -rf "/restore/volume/${volume}/sub"`, 'is not whole'],
    [`echo x >>"/restore/volume/${volume}/one"`, 'is not whole'],
    [`echo x >"/restore/volume/${volume}/more"`, 'is not whole'],
    [`rm -rf /restore/volume`, 'did not restore its folder'],
    ['sed -i s/lies/other/ /restore/manifest.json', 'and not of'],
    ['exit 3', 'exit code 3'],
  ] as const
  for (const [lie, says] of lies) {
    const ran = await restore({ point: 'latest', into: 'place', confirm: id }, lie)
    expect(ran.code, lie).toBe(1)
    expect(ran.outputs.result).toBe('failed')
    expect(ran.stdout, lie).toContain(says)
    expect(await treeOf(volume), lie).toBe(before)
  }
  expect(await leftOf(engine, id)).toEqual([])
})
