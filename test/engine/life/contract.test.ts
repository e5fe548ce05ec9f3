/** The backup image's contract, kept on a real engine: what it is started as, what it finds in /backup and in its environment. */

import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ActionResult, runAction } from '../../../examples/demo/action.ts'
import {
  builtImage,
  expectNoTrace,
  filledVolume,
  leftOf,
  reportOf,
  shell,
  testEngine,
  toldImage,
  writeFile,
} from '../../support/run.ts'
import { makeWorkspace } from '../../support/workspace.ts'

const engine = testEngine()
const id = (what: string) => engine.name(what)
const undo: (() => Promise<unknown>)[] = []

const ODD_ENV = {
  LINES: 'one\n  two\n\nthree\n',
  QUOTES: `it's "quoted" \\ \`id\` #no comment`,
  DOLLAR: 'a$$b',
  DOCKER_HOST: 'tcp://nowhere.invalid:1 ',
  DOCKER_CONTEXT: 'nosuch',
  PATH: '/odd dir:/bin',
  HOME: '/backup home',
  HTTPS_PROXY: 'http://nowhere.invalid:1',
  LD_PRELOAD: '/not/there.so',
  NO_VALUE: '',
  UNICODE: 'grüße 💾',
  EQUALS: '=a=b=',
}
const HEX = `for k in ${Object.keys(ODD_ENV).join(' ')}; do eval "printf %s \\"\\$$k\\"" | od -An -v -tx1 | tr -d ' \\n' >/tmp/hex; echo "$k:$(cat /tmp/hex)"; done`
const OWNERS = `
id -u; id -g; cd $MARINA_BACKUP_DIR
stat -c '%n %u:%g %a' /backup . volume manifest.json
echo x >own && mkdir made && rm own && echo x >volume/own && echo writable; cat manifest.json >/dev/null && echo readable`

let ran: ActionResult
let volumesBefore: readonly string[]

beforeAll(async () => {
  const image = await toldImage(engine)
  const data = await filledVolume(
    engine,
    'c-data',
    'echo data >file; mkdir -p in/side; echo deep >in/side/deep; chown -R 55:66 in; chmod 2711 in',
  )
  const labels = (more: object = {}) => ({
    'dev.polarfox.marina.enabled': 'true',
    'dev.polarfox.marina.instanceID': id('labelled'),
    ...more,
  })
  const byVolume = await filledVolume(
    engine,
    'c-by-volume',
    'mkdir a b; echo 1 >a/1; echo 2 >b/2; mkdir -p "odd, \\"x\\"/hollow"; mkfifo pipe; chown 77:88 odd*; chmod 750 odd*',
    labels({ 'dev.polarfox.marina.paths': 'a, b/2' }),
  )
  const byContainer = await filledVolume(engine, 'c-by-container')
  const target = await filledVolume(engine, 'c-target', '')
  const app = labels({ 'dev.polarfox.marina.volumes': byContainer })
  const appLabels = Object.entries(app).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  await engine.ok(['create', '--name', id('c-app'), ...appLabels, '-v', `${byContainer}:/d`, engine.baseImage, 'true'])
  const images = {
    number: await toldImage(engine, 'user-number', ['USER 1234']),
    name: await toldImage(engine, 'user-name', ['USER nobody']),
    group: await toldImage(engine, 'user-group', ['USER nobody:root']),
    entry: await toldImage(engine, 'entry', [
      'ENTRYPOINT ["/bin/sh", "-c", "echo entered with $*; exec \\"$@\\"", "entry"]',
    ]),
    volume: await toldImage(engine, 'has-volumes', [
      'VOLUME /backup',
      'VOLUME /cache',
      'LABEL dev.polarfox.marina-action.version=1',
    ]),
    own: await builtImage(engine, 'has-own-backup', [
      writeFile('/backup.sh', '#!/bin/sh\nfind /backup | sort\n'),
      'RUN chmod 755 /backup.sh && mkdir -p /backup/of/the/image && echo x >/backup/stray',
    ]),
  }
  const local = '127.0.0.1:9/marina-test/local:1'
  await engine.ok(['tag', image, local])
  const told = (what: string, text: string, more: object = {}) => ({
    id: id(what),
    customImage: image,
    pull: 'never',
    targets: [{ volume: data }],
    env: { DO: shell(text) },
    ...more,
  })
  const copied = { targets: [{ volume: data, staging: 'copy' }] }
  const instances = [
    told('environment', 'env | grep ^MARINA_ | sort; hostname', { retention: '3d', schedule: '0 4 * * *' }),
    told('odd-env', '', {
      env: {
        ...Object.fromEntries(Object.entries(ODD_ENV).map(([key, value]) => [key, shell(value)])),
        DO: shell(HEX),
      },
    }),
    told('user-root', OWNERS),
    told('user-number', OWNERS, { customImage: images.number }),
    told('user-name', OWNERS, { customImage: images.name }),
    told('user-group', OWNERS, { customImage: images.group }),
    told('user-group-copied', OWNERS, { customImage: images.group, ...copied }),
    told('user-of-config', OWNERS, { user: '1001:1002' }),
    told('user-of-config-copied', OWNERS, { user: '1001:1002', ...copied }),
    told('entry-kept', 'echo done', { customImage: images.entry }),
    told('entry-replaced', 'echo done', { customImage: images.entry, entrypoint: ['/bin/sh', '-x'] }),
    told('entry-removed', 'echo done', { customImage: images.entry, entrypoint: '' }),
    told('stable', 'find /backup | sort', { layout: 'stable' }),
    told('stable-copied', 'find /backup | sort', { layout: 'stable', ...copied }),
    told('nothing', 'find /backup | sort', { targets: [] }),
    told('read-only', 'cd $MARINA_BACKUP_DIR/volume/*; touch new || echo refused; rm file || echo refused'),
    told('own-tree', 'cd $MARINA_BACKUP_DIR/volume/*; mv file moved && rm -r in && echo changed', copied),
    told('paths', 'cd $MARINA_BACKUP_DIR; find . | sort; stat -c "%n %u:%g %a" volume/*/in volume/*/in/side', {
      targets: [{ volume: data, paths: ['/in/side'] }],
    }),
    told('odd-paths', 'cd $MARINA_BACKUP_DIR/volume; find . | sort; stat -c "%n %u:%g %a %F" */odd* */pipe', {
      targets: [{ volume: byVolume, paths: ['odd, "x"/hollow', 'pipe', 'b/2', 'b'] }],
    }),
    told('hollow-path', 'cd $MARINA_BACKUP_DIR/volume; find . | sort', {
      targets: [{ volume: byVolume, paths: ['odd, "x"/hollow'], allowEmpty: true }],
    }),
    told('labelled', 'cd $MARINA_BACKUP_DIR; find . | sort', { targets: undefined }),
    told('script', '', { customImage: engine.baseImage, script: 'scripts/do.sh' }),
    told('script-copied', '', { customImage: images.name, script: 'scripts/do.sh', ...copied }),
    told('fallback', 'echo local', { customImage: local, pull: 'always' }),
    told('missing', 'echo local', { customImage: local, pull: 'missing' }),
    told('lines-for-the-client', 'exit 0', { env: { DO: 'exit 0', DOCKER_HOST: 'tcp://a\ntcp://b' } }),
    told('allow-empty', 'find $MARINA_BACKUP_DIR/volume', { targets: [{ volume: target, allowEmpty: true }] }),
    told(
      'mounts',
      'echo kept >/target/file; cat /host/hostname >/dev/null && echo host; touch /scratch/x && echo scratch; touch /host/x || echo refused; ls /sys/class/net',
      {
        mounts: [`${target}:/target`, 'type=bind,src=/etc,dst=/host,readonly', 'type=tmpfs,dst=/scratch'],
        network: 'none',
        resources: { cpus: '0.5', memory: '64m' },
      },
    ),
    told('image-volumes', 'echo x >/cache/x; find /backup | sort', { customImage: images.volume }),
    told('own-backup', '', { customImage: images.own }),
    told('unwhole', 'printf "no end of line"'),
  ]
  volumesBefore = await volumes()
  const config = `version: 1\nnodeName: db-host\ninstances:\n${instances.map((one) => `  - ${JSON.stringify(one)}\n`).join('')}`
  const script = '#!/bin/sh\necho "script $0 $(stat -c "%u:%g %a" $0) for $MARINA_INSTANCE_ID"\n'
  const workspace = await makeWorkspace(
    { 'config.yml': config, 'scripts/do.sh': script },
    (remove) => void undo.push(remove),
  )
  ran = await runAction({ docker: engine, workspace, inputs: { 'max-parallel': '4' } })
})

afterAll(async () => {
  for (const step of undo) await step()
  await engine.docker(['rm', '-fv', id('c-app')])
  await engine.docker(['volume', 'rm', ...['c-data', 'c-by-volume', 'c-by-container', 'c-target'].map(id)])
})

/** What the backup container of an instance said on stdout. */
async function said(what: string): Promise<string[]> {
  const report = reportOf(ran, id(what))
  expect(report).toMatchObject({ status: 'success', exitCode: 0, error: null })
  const log = await readFile(report.log ?? '', 'utf8')
  return log.split('\n').flatMap((line) => / out (.*)$/.exec(line)?.[1] ?? [])
}

/**
 * `said`, with the run directory and the engine's names made plain. The lists of copies are left out where the engine's version decides
 * whether a volume is copied.
 */
async function plain(what: string): Promise<string[]> {
  const lines = await said(what)
  const shown = lines.filter((line) => !line.startsWith('./listings'))
  return shown.map((line) => line.replace(/\d{8}-\d{6}/g, 'T').replaceAll(`${engine.prefix}-`, ''))
}

test('all but the one that cannot be are green, without a word of ours that is not meant', () => {
  const bad = ran.report?.instances.filter((one) => one.status !== 'success').map((one) => [one.id, one.error])
  expect(bad).toEqual([
    [
      id('lines-for-the-client'),
      'env DOCKER_HOST has a value of several lines, which cannot be given to a variable that the docker client itself reads: write it in one line, or under another name',
    ],
  ])
  expectNoTrace(ran)
  expect(ran.report?.warnings).toEqual([])
})

describe('environment', () => {
  test('the contract’s variables', async () => {
    const [directory, ...others] = await said('environment')
    const timestamp = /^MARINA_BACKUP_DIR=\/backup\/(\d{8}-\d{6})$/.exec(directory ?? '')?.[1]
    expect(others.slice(0, -1)).toEqual([
      'MARINA_CONTRACT=1',
      'MARINA_HOSTNAME=db-host',
      `MARINA_INSTANCE_ID=${id('environment')}`,
      `MARINA_RESULT=/backup/${timestamp}/result.json`,
      'MARINA_RETENTION=3d',
      'MARINA_RUN_URL=https://github.com/octo/backups/actions/runs/1001',
      `MARINA_TIMESTAMP=${timestamp}`,
    ])
  })

  test('odd values arrive byte for byte, under names that the docker client reads too', async () => {
    const hex = Object.entries(ODD_ENV).map(([key, value]) => `${key}:${Buffer.from(value).toString('hex')}`)
    expect(await said('odd-env')).toEqual(hex)
  })
})

const owned = (user: string) => {
  const folders = ['/backup', '.', 'volume'].map((path) => `${path} ${user} 755`)
  return [...user.split(':'), ...folders, `manifest.json ${user} 644`, 'writable', 'readable']
}

describe('user', () => {
  test.each([
    ['user-root', '0:0'],
    ['user-number', '1234:0'],
    ['user-name', '65534:65534'],
    ['user-group', '65534:0'],
    ['user-group-copied', '65534:0'],
    ['user-of-config', '1001:1002'],
    ['user-of-config-copied', '1001:1002'],
  ])('%s owns the run directory and can write there', async (what, user) => {
    expect(await said(what)).toEqual(owned(user))
  })
})

describe('command', () => {
  test.each([
    ['entry-kept', ['entered with /backup.sh', 'done']],
    ['entry-replaced', ['done']],
    ['entry-removed', ['done']],
    ['script', ['script /backup.sh 0:0 755 for script']],
    ['script-copied', ['script /backup.sh 65534:65534 755 for script-copied']],
    ['unwhole', ['no end of line']],
  ])('%s', async (what, wanted) => expect(await plain(what)).toEqual(wanted))
})

const DATA = ['', '/file', '/in', '/in/side', '/in/side/deep'].map((path) => `volume/c-data${path}`)
const ODD = ['', '/b', '/b/2', '/odd, "x"', '/odd, "x"/hollow'].map((path) => `c-by-volume${path}`)
const below = (folder: string, paths: string[]) => [folder, ...paths.map((path) => `${folder}/${path}`)]

describe('layout', () => {
  test.each([
    ['stable', below('/backup', ['manifest.json', 'volume', ...DATA])],
    ['stable-copied', below('/backup', ['listings', 'listings/c-data.txt', 'manifest.json', 'volume', ...DATA])],
    ['nothing', ['/backup', ...below('/backup/T', ['manifest.json'])]],
    // whatever the image itself has there is neither seen nor copied, and its VOLUMEs change nothing
    ['own-backup', ['/backup', ...below('/backup/T', ['manifest.json', 'volume', ...DATA])]],
    ['image-volumes', ['/backup', ...below('/backup/T', ['manifest.json', 'volume', ...DATA])]],
    ['allow-empty', ['/backup/T/volume', '/backup/T/volume/c-target']],
    [
      'paths',
      [
        ...below('.', ['manifest.json', 'volume', ...DATA.filter((path) => !path.endsWith('/file'))]),
        // the directories above a path keep their own owners and modes
        'volume/c-data/in 55:66 2711',
        'volume/c-data/in/side 55:66 755',
      ],
    ],
    [
      'odd-paths',
      [
        ...below('.', ODD),
        './c-by-volume/pipe',
        'c-by-volume/odd, "x" 77:88 750 directory',
        'c-by-volume/pipe 0:0 644 fifo',
      ],
    ],
    [
      'hollow-path',
      below(
        '.',
        ODD.filter((path) => !path.includes('/b')),
      ),
    ],
    [
      'labelled',
      below('.', [
        'manifest.json',
        'volume',
        ...['', '/file'].map((path) => `volume/c-by-container${path}`),
        ...['', '/a', '/a/1', '/b', '/b/2'].map((path) => `volume/c-by-volume${path}`),
      ]),
    ],
  ])('%s', async (what, wanted) => expect(await plain(what)).toEqual(wanted))
})

test('a mounted volume is read-only; a copy is the image’s own to change', async () => {
  expect(await said('read-only')).toEqual(['refused', 'refused'])
  expect(await said('own-tree')).toEqual(['changed'])
})

test('mounts, network and resources', async () => {
  expect(await said('mounts')).toEqual(['host', 'scratch', 'refused', 'lo'])
  const kept = await engine.ok(['run', '--rm', '-v', `${id('c-target')}:/v`, engine.baseImage, 'cat', '/v/file'])
  expect(kept).toBe('kept')
})

test('pull: always falls back to the local image with a warning, missing does not pull', async () => {
  expect(await said('fallback')).toEqual(['local'])
  expect(reportOf(ran, id('fallback')).warnings).toEqual([
    expect.stringMatching(/^image 127\.0\.0\.1:9\/.* could not be pulled: .*; the local image is used/),
  ])
  expect(await said('missing')).toEqual(['local'])
  expect(reportOf(ran, id('missing')).warnings).toEqual([])
})

test('the report says how each target was staged, and when the next run is', () => {
  const target = (what: string) => reportOf(ran, id(what)).targets
  expect(target('stable')).toMatchObject([{ status: 'staged', staging: 'mount', files: null, bytes: null }])
  expect(target('stable-copied')).toMatchObject([{ status: 'staged', staging: 'copy', files: 2, bytes: 10 }])
  expect(target('labelled').map(({ name, line }) => [name, line])).toEqual([
    [id('c-by-volume'), null],
    [id('c-by-container'), null],
  ])
  expect(reportOf(ran, id('environment')).nextRun).toMatch(/T04:00:00\.000Z$/)
  expect(reportOf(ran, id('stable')).nextRun).toBeNull()
})

test('nothing is left: no container of ours, no volume that was not there before, but for the records', async () => {
  expect(await leftOf(engine)).toEqual([])
  expect(await volumes()).toEqual(volumesBefore)
})

async function volumes(): Promise<readonly string[]> {
  const names = (await engine.ok(['volume', 'ls', '-q'])).split('\n')
  return names.filter((name) => !name.startsWith('marina-record-'))
}
