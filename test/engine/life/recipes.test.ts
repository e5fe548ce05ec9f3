/** The recipes for volumes of docs/recipes.md, stored as they are written there, and restored by the commands of docs/restore.md. */

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { ActionResult } from '../../../examples/demo/action.ts'
import { IDLES, startApp, startOf, statusOf } from '../../support/applications.ts'
import { describeTrees, inVolume } from '../../support/bench.ts'
import { backUp, follow, latestTime, neverRun, newReader, type Reader } from '../../support/cookbook.ts'
import { RECIPE_TOOLS } from '../../support/debianPackages.ts'
import { expectNoTrace, leftOf, testEngine } from '../../support/run.ts'
import { ATTRIBUTES, CONTENT } from '../../support/treeContent.ts'

const engine = testEngine()

/** Names of a reader's own; each recipe gets others, so that they can go side by side. */
const NAMES = ['documents', 'photos', 'scratch']
const BORG = 'localhost/backup-tools:1\n    script: scripts/borg.sh'
const SECRETS = {
  RESTIC_PASSWORD: 'correct horse',
  BORG_PASSPHRASE: 'battery staple',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG',
}

let tools = ''
/** Images whose ENTRYPOINT is that of the tool's own one. */
const stock = { restic: '', rclone: '', borg: '' }
let nas = ''
let address = ''
let keys: Record<string, string> = {}
let disks = ''

/** Another machine: an SSH server, a restic server in place of S3, a WebDAV server in place of a cloud. */
const NAS = `
mkdir -p /run/sshd /home/backup/.ssh /srv/s3 /srv/cloud
usermod -d /home/backup -s /bin/sh backup
chown -R backup: /home/backup
ssh-keygen -A
rclone serve restic --addr :8080 /srv/s3 &
rclone serve webdav --addr :8081 /srv/cloud &
exec /usr/sbin/sshd -D -e`

beforeAll(async () => {
  tools = await engine.debian(RECIPE_TOOLS)
  stock.restic = await stockImage('restic', '["/usr/bin/restic"]')
  stock.rclone = await stockImage('rclone', '["rclone"]')
  stock.borg = await stockImage('borg', '["borg"]')
  nas = engine.name('recipes-nas')
  disks = await mkdtemp(join(engine.folder ?? tmpdir(), 'disks-'))
  await engine.ok(['run', '-d', '--name', nas, tools, 'sh', '-c', NAS])
  address = await engine.ok(['container', 'inspect', '--format', '{{.NetworkSettings.IPAddress}}', nas])
  const isUp = async () => expect((await engine.docker(['logs', nas])).stderr).toMatch(/Server listening/)
  await vi.waitFor(isUp, { timeout: 60_000, interval: 200 })
}, 900_000)

afterAll(async () => {
  await engine.docker(['rm', '-fv', nas])
  // on an engine of the user's, its files are root's
  await engine.docker(['run', '--rm', '-v', `${disks}:/d`, engine.baseImage, 'sh', '-c', 'rm -rf /d/*'])
  await rm(disks, { recursive: true, force: true })
})

async function stockImage(name: string, entrypoint: string): Promise<string> {
  const image = `${engine.name(`stock-${name}`)}:latest`
  const input = `FROM ${tools}\nENTRYPOINT ${entrypoint}\n`
  await engine.ok(['build', '-q', '-t', image, '-'], { input, env: { ...process.env, BUILDX_BUILDER: 'default' } })
  return image
}

/** What in the recipes is the reader's own, and what stands for it here. */
async function readerOf(recipe: string): Promise<Reader> {
  const disk = join(disks, recipe)
  await mkdir(disk)
  const own = (name: string) => engine.name(`${recipe}-${name}`)
  return newReader(
    engine,
    {
      'debian:bookworm-slim': tools,
      'debian:12-slim': tools,
      'sudo mkdir': 'mkdir', // the tests are root, or the folder is theirs
      '/srv/backups': disk,
      'localhost/backup-tools:1': tools,
      'restic/restic:0.18.0': stock.restic,
      'rclone/rclone:1.71': stock.rclone,
      // the recipes' other ways: a shell as entrypoint, and a borg of others
      ...(recipe === 'restic-sftp' ? { 'entrypoint: ""': 'entrypoint: /bin/sh' } : {}),
      [BORG]: BORG.replace('localhost/backup-tools:1', `${stock.borg}\n    entrypoint: ""`),
      'alpine:3.22': engine.baseImage,
      'nas.example.com': address,
      's3:https://s3.eu-central-1.amazonaws.com/my-bucket/documents': `rest:http://${address}:8080/`,
      '/mnt/backup': disk,
      '/srv/photos': join(disk, 'source'),
      '/srv/photos-restored': join(disk, 'target'),
      'docker run --rm -it': 'docker run --rm', // no terminal
      'volume create restored': `volume create ${own('restored')}`,
      '-v restored:': `-v ${own('restored')}:`,
      ...Object.fromEntries(NAMES.map((name) => [name, own(name)])),
    },
    { ...SECRETS, ...keys },
  )
}

async function fill(volume: string, script: string): Promise<void> {
  await inVolume(engine, tools, volume, script)
}

async function removeVolumes(reader: Reader, recipe: string): Promise<void> {
  const own = engine.name(`${recipe}-`)
  const names = (await engine.ok(['volume', 'ls', '-q', '--filter', `name=${own}`])).split('\n').filter(Boolean)
  if (names.length > 0) await engine.ok(['volume', 'rm', ...names])
  expect(await leftOf(engine, reader.words.documents)).toEqual([])
}

async function describe(volumes: readonly string[], fine: boolean): Promise<string[]> {
  const container = `${volumes[0]}-described`
  const mounts = volumes.flatMap((volume, at) => ['-v', `${volume}:/v${at}:ro`])
  await engine.ok(['run', '-d', '--name', container, ...mounts, tools, 'sleep', '600'])
  try {
    return await describeTrees(
      engine,
      container,
      volumes.map((_, at) => `/v${at}`),
      { fine },
    )
  } finally {
    await engine.docker(['rm', '-fv', container])
  }
}

function expectGood(ran: ActionResult): void {
  expect(ran.code, ran.stdout).toBe(0)
  expectNoTrace(ran)
  for (const secret of Object.values(SECRETS))
    expect(ran.stdout.replaceAll(`::add-mask::${secret}`, '')).not.toContain(secret)
}

/** What bears the time in its name, wherever a recipe puts it; Borg alone says it in its log. */
async function storedNames(reader: Reader, runs: readonly ActionResult[]): Promise<string> {
  const disk = await readdir(reader.words['/mnt/backup'] ?? '', { recursive: true })
  const places = ['/home/backup', '/srv/cloud/backups'].map((folder) => `${folder}/${reader.words.documents}`)
  const there = (await engine.docker(['exec', nas, 'find', ...places])).stdout
  return [...disk, there, ...runs.map(({ stdout }) => stdout)].join('\n')
}

test('ssh: the key, the secrets, and an archive on another machine', async () => {
  const reader = await readerOf('ssh')
  await follow(reader, 'ssh', 'before')
  const key = (name: string) => readFile(join(reader.workspace, name), 'utf8')
  keys = { SSH_KEY: (await key('backup-key')).trimEnd(), SSH_KNOWN_HOSTS: (await key('known_hosts')).trimEnd() }
  Object.assign(reader.secrets, keys)
  const allow = 'cat >>/home/backup/.ssh/authorized_keys; chown backup: /home/backup/.ssh/authorized_keys'
  await engine.ok(['exec', '-i', nas, 'sh', '-c', allow], { input: await key('backup-key.pub') })
  await storedAndRestored(reader, 'ssh')
})

test.each`
  recipe           | borrowed | runs | fine     | why
  ${'disk'}        | ${''}    | ${2} | ${true}  | ${'everything'}
  ${'alpine'}      | ${''}    | ${1} | ${false} | ${'BusyBox keeps seconds and no attributes'}
  ${'rsync'}       | ${'ssh'} | ${2} | ${true}  | ${'everything, links to the night before'}
  ${'restic-s3'}   | ${''}    | ${2} | ${true}  | ${'everything'}
  ${'restic-sftp'} | ${''}    | ${1} | ${true}  | ${'everything'}
  ${'borg'}        | ${''}    | ${2} | ${true}  | ${'everything'}
  ${'rclone'}      | ${''}    | ${1} | ${false} | ${'the tar of its image keeps seconds and no attributes'}
  ${'age'}         | ${''}    | ${1} | ${true}  | ${'everything'}
  ${'gpg'}         | ${''}    | ${1} | ${true}  | ${'everything'}
`('$recipe: stored and restored ($why)', async ({ recipe, borrowed, runs, fine }) => {
  const reader = await readerOf(recipe)
  if (keys.SSH_KEY !== undefined) {
    await writeFile(join(reader.workspace, 'backup-key'), `${keys.SSH_KEY}\n`, { mode: 0o600 })
    await writeFile(join(reader.workspace, 'known_hosts'), `${keys.SSH_KNOWN_HOSTS}\n`)
  }
  await BEFORE[recipe as keyof typeof BEFORE]?.(reader)
  await storedAndRestored(reader, recipe, { borrowed, runs, fine })
})

/** What a reader does before the first backup. */
const BEFORE = {
  disk: (reader: Reader) => follow(reader, 'disk', 'before'),
  rclone: async (reader: Reader) => {
    const conf = `[cloud]\ntype = webdav\nurl = http://${address}:8081\nvendor = other`
    reader.secrets.RCLONE_CONF = conf
    await writeFile(join(reader.workspace, 'rclone.conf'), `${conf}\n`)
  },
  age: async (reader: Reader) => {
    await follow(reader, 'age', 'before')
    const key = await readFile(join(reader.workspace, 'age-key.txt'), 'utf8')
    const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'
    reader.words[recipient] = /public key: (age1\w+)/.exec(key)?.[1] ?? ''
  },
  gpg: async (reader: Reader) => {
    const make = `gpg -q --batch --passphrase '' --quick-gen-key you@example.com
      gpg --armor --export you@example.com >/archive/public.asc
      gpg --batch --armor --export-secret-keys you@example.com >/keys/private.asc`
    const mounts = ['-v', `${reader.workspace}:/keys`, '-v', `${reader.words['/mnt/backup']}:/archive`]
    await engine.ok(['run', '--rm', ...mounts, tools, 'sh', '-ec', make])
  },
}

async function storedAndRestored(
  reader: Reader,
  recipe: string,
  { borrowed = '', runs = 1, fine = true }: { borrowed?: string; runs?: number; fine?: boolean } = {},
): Promise<void> {
  onTestFinished(() => removeVolumes(reader, recipe))
  const documents = reader.words.documents ?? ''
  await fill(documents, fine ? CONTENT + ATTRIBUTES : CONTENT)
  const ran: ActionResult[] = []
  for (let count = 0; count < runs; count++) {
    ran.push(await backUp(reader, recipe, borrowed))
    expectGood(ran.at(-1) as ActionResult)
    // what the first night did not have
    if (count + 1 < runs) await fill(documents, "printf new >'since yesterday'; rm -- -rf")
  }
  // restic's newest has no time in its name
  if (!recipe.startsWith('restic')) reader.words['20261127-021700'] = latestTime(await storedNames(reader, ran))
  await follow(reader, recipe === 'alpine' ? 'disk' : recipe, 'restore')
  await follow(reader, 'new-volume')
  const [before, after] = await describe([documents, `${documents}-new`], fine)
  expect(after).toBe(before)
  expect(before).toContain(
    'grüße'.replace(/[^ -~]/g, (c) => [...Buffer.from(c)].map((b) => `\\x${b.toString(16)}`).join('')),
  )
}

test('start: the first backup of the README, stored and restored', async () => {
  const reader = await readerOf('start')
  onTestFinished(() => removeVolumes(reader, 'start'))
  const documents = reader.words.documents ?? ''
  await fill(documents, CONTENT)
  await follow(reader, 'start', 'before')
  expectGood(await backUp(reader, 'start'))
  await follow(reader, 'start', 'restore')
  const [before, after] = await describe([documents, `${documents}-restored`], false)
  expect(after).toBe(before)
})

test('folder: a folder of the host, without a volume', async () => {
  const reader = await readerOf('folder')
  const disk = reader.words['/mnt/backup'] ?? ''
  const inDisk = ['run', '--rm', '-i', '-v', `${disk}:/v`, '-w', '/v']
  await engine.ok([...inDisk, tools, 'sh'], { input: `mkdir source; cd source\n${CONTENT}${ATTRIBUTES}` })
  expectGood(await backUp(reader, 'folder'))
  reader.words['20261127-021700'] = latestTime(await storedNames(reader, []))
  await follow(reader, 'folder', 'restore')
  const container = engine.name('folder-described')
  await engine.ok(['run', '-d', '--name', container, '-v', `${disk}:/v`, tools, 'sleep', '600'])
  onTestFinished(async () => void (await engine.docker(['rm', '-fv', container])))
  const [before, after] = await describeTrees(engine, container, ['/v/source', '/v/target'], { fine: true })
  expect(after).toBe(before)
})

test.each`
  recipe
  ${'ssh'}
  ${'age'}
`(
  '$recipe: a tar that fails at the left of the pipe fails the backup, and nothing gets the good name',
  async ({ recipe }) => {
    const reader = await readerOf(`broken-${recipe}`)
    onTestFinished(() => removeVolumes(reader, `broken-${recipe}`))
    const documents = reader.words.documents ?? ''
    await fill(documents, CONTENT)
    await BEFORE[recipe as keyof typeof BEFORE]?.(reader)
    reader.words['-czf - . && touch'] = '-czf - . && false && touch'
    const ran = await backUp(reader, recipe)
    expect(ran, ran.stdout).toMatchObject({ code: 1, outputs: { result: 'failed' } })
    const disk = await readdir(join(reader.words['/mnt/backup'] ?? ''), { recursive: true })
    const { stdout } = await engine.docker(['exec', nas, 'find', `/home/backup/${documents}`, '-type', 'f'])
    const names = [...disk, ...stdout.split('\n')].filter((name) => /\d{8}-\d{6}/.test(name))
    expect(names).toEqual([expect.stringMatching(/\.part$/)])
  },
)

test('a disk that is not mounted fails the backup, and old archives go only after a good one', async () => {
  const reader = await readerOf('missing')
  onTestFinished(() => removeVolumes(reader, 'missing'))
  const disk = reader.words['/mnt/backup'] ?? ''
  await fill(reader.words.documents ?? '', CONTENT)
  const old = join(disk, reader.words.documents ?? '', '20200101-000000.tar.gz')
  await mkdir(join(old, '..'))
  await engine.ok([
    'run',
    '--rm',
    '-v',
    `${join(old, '..')}:/v`,
    tools,
    'touch',
    '-d',
    '40 days ago',
    '/v/20200101-000000.tar.gz',
  ])
  expect(await backUp(reader, 'disk')).toMatchObject({ code: 1, outputs: { result: 'failed' } })
  expect(await readdir(join(old, '..'))).toEqual(['20200101-000000.tar.gz'])
  await follow(reader, 'disk', 'before')
  expectGood(await backUp(reader, 'disk'))
  const left = await readdir(join(old, '..'))
  expect(left).toEqual([expect.stringMatching(/^2\d{7}-\d{6}\.tar\.gz$/)])
  expect(left).not.toContain('20200101-000000.tar.gz')
})

test('restored into the old volume, whose application is stopped and started again', async () => {
  const reader = await readerOf('old')
  onTestFinished(() => removeVolumes(reader, 'old')) // hooks run backwards: the application is gone by then
  const documents = reader.words.documents ?? ''
  await fill(documents, CONTENT + ATTRIBUTES)
  const restored = engine.name('old-restored')
  await engine.ok([
    'run',
    '--rm',
    '-v',
    `${documents}:/from:ro`,
    '-v',
    `${restored}:/to`,
    tools,
    'sh',
    '-ec',
    `mkdir -p /to/volume; cp -a /from "/to/volume/${documents}"`,
  ])
  const app = await startApp(engine, 'old-app', { volumes: [documents], script: IDLES })
  const started = await startOf(engine, app)
  const [before] = await describe([documents], true)
  await fill(documents, 'rm -rf -- suid deep; printf broken >nothing; mkdir .hidden; printf h >.hidden/h')
  const [broken] = await describe([documents], true)
  await follow(reader, 'old-volume')
  expect(await readFile(join(reader.workspace, 'stopped'), 'utf8')).toBe(`${app}\n`)
  expect(await statusOf(engine, app)).toBe('running')
  expect(await startOf(engine, app)).not.toBe(started)
  expect(await describe([documents, `${documents}-before`], true)).toEqual([before, broken])
  await engine.ok(['rm', '-fv', app])
})

test('paths: only these are replaced; a timestamp is moved away first', async () => {
  const reader = await readerOf('paths')
  onTestFinished(() => removeVolumes(reader, 'paths'))
  const photos = reader.words.photos ?? ''
  const restored = engine.name('paths-restored')
  await fill(photos, CONTENT)
  const [before] = await describe([photos], true)
  const copy = `to="/to/20261127-021700/volume/${photos}"; mkdir -p "$to"; cp -a /from/originals /from/albums "$to"; echo {} >/to/20261127-021700/manifest.json`
  await engine.ok(['run', '--rm', '-v', `${photos}:/from:ro`, '-v', `${restored}:/to`, tools, 'sh', '-ec', copy])
  await fill(photos, 'rm -r albums; printf x >originals/2.raw; printf x >originals/1.raw')
  await follow(reader, 'timestamp')
  await follow(reader, 'paths')
  await fill(photos, "touch -d '2010-10-10 10:10:10.5Z' .")
  expect(await describe([photos], true)).toEqual([before])
})

test('labels: a labelled volume is found under its name, and stored', async () => {
  const reader = await readerOf('labels')
  onTestFinished(() => removeVolumes(reader, 'labels'))
  const papers = engine.name('labels-papers')
  Object.assign(reader.words, {
    papers,
    'instanceID=shop': `instanceID=${engine.name('shop')}`,
    'id: shop': `id: ${engine.name('shop')}`,
  })
  await follow(reader, 'disk', 'before')
  await follow(reader, 'labels')
  await fill(papers, 'echo 1 >1')
  expect((await follow(reader, 'names')).split('\n')).toEqual(expect.arrayContaining([papers, nas]))
  const ran = await backUp(reader, 'labelled', 'disk')
  expectGood(ran)
  expect(ran.report?.instances[0]?.targets).toMatchObject([{ name: papers, status: 'staged' }])
})

test('everything: what is on the host is stored, without what is excepted', async () => {
  const reader = await readerOf('everything')
  onTestFinished(() => removeVolumes(reader, 'everything'))
  const [one, cache] = [engine.name('everything-one'), engine.name('everything-cache')]
  const listed = [
    ['volume', 'ls', '-q'],
    ['ps', '-a', '--format', '{{.Names}}'],
  ].map((argv) => engine.ok(argv))
  const others = (await Promise.all(listed)).flatMap((names) => names.split('\n')).filter((name) => name !== '')
  // what others have on this engine is no concern of this reader
  Object.assign(reader.words, {
    '"*-cache"': [...others, '*-cache'].map((name) => JSON.stringify(name)).join('\n      - '),
    'id: everything': `id: ${engine.name('everything')}`,
  })
  await follow(reader, 'disk', 'before')
  await fill(one, 'echo 1 >1')
  await fill(cache, 'echo 2 >2')
  const ran = await backUp(reader, 'everything', 'disk')
  expectGood(ran)
  expect(ran.report?.instances[0]?.targets).toMatchObject([{ name: one, status: 'staged' }])
  expect(ran.report?.coverage).toEqual({ mode: 'enforce', objects: [], problem: null })
})

test('no block of these recipes was left out', async () => {
  expect(await neverRun('engine/life/recipes.test.ts')).toEqual([])
})
