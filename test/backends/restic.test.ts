/**
 * Instances with `repository` against real servers: an S3 server, restic's REST protocol, SFTP, a folder. What is stored comes back by
 * restic's own command and by the restore script; the rule of retention is kept to the day; failures name their cause.
 */

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { ActionResult } from '../../examples/demo/action.ts'
import { RESTIC_BACKUP, RESTIC_RESTORE } from '../../src/restic/scripts.ts'
import {
  debianWith,
  expectFailed,
  expectStored,
  type RunningServer,
  startBackend,
  treeOf,
} from '../support/backends.ts'
import { inVolume } from '../support/bench.ts'
import { runJob, testEngine } from '../support/run.ts'
import { ATTRIBUTES, CONTENT } from '../support/treeContent.ts'

const engine = testEngine()
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG' }
const PASSWORD = 'correct horse'
const HOST = 'nas'

/** An SSH server, and restic's REST protocol as rclone serves it. */
const NAS = `
mkdir -p /run/sshd /home/backup/.ssh /srv/rest
usermod -d /home/backup -s /bin/sh backup
ssh-keygen -q -t ed25519 -N '' -f /root/key
cp /root/key.pub /home/backup/.ssh/authorized_keys
chown -R backup: /home/backup
ssh-keygen -A
rclone serve restic --addr :8080 --user u --pass pw-of-rest /srv/rest &
exec /usr/sbin/sshd -D -e`

let image = ''
let disk = ''
let s3: RunningServer
let nas: RunningServer
let ssh: Record<string, string> = {}

beforeAll(async () => {
  image = await debianWith(engine, ['restic'])
  disk = await mkdtemp(join(engine.folder ?? tmpdir(), 'restic-'))
  const run = `mkdir -p /data/bucket /meta; exec /server/versitygw --port :7070 --access ${KEYS.AWS_ACCESS_KEY_ID} --secret ${KEYS.AWS_SECRET_ACCESS_KEY} posix --sidecar /meta /data`
  s3 = await startBackend(engine, 'restic-s3', { program: 'versitygw', run, says: /7070/ })
  nas = await startBackend(engine, 'restic-nas', { run: NAS, says: /Server listening/ })
  const key = await engine.ok(['exec', nas.container, 'cat', '/root/key'])
  const host = await engine.ok(['exec', nas.container, 'cat', '/etc/ssh/ssh_host_ed25519_key.pub'])
  ssh = { SSH_KEY: key.trim(), SSH_KNOWN_HOSTS: `${nas.address} ${host.split(' ').slice(0, 2).join(' ')}` }
  await mkdir(join(disk, 'fake'))
  await writeFile(join(disk, 'fake/backup.sh'), RESTIC_BACKUP, { mode: 0o755 })
  await writeFile(join(disk, 'fake/restore.sh'), RESTIC_RESTORE, { mode: 0o755 })
}, 900_000)

afterAll(async () => {
  await s3.remove()
  await nas.remove()
  // on an engine of the user's, its files are root's
  await engine.docker(['run', '--rm', '-v', `${disk}:/d`, engine.baseImage, 'sh', '-c', 'rm -rf /d/*'])
  await rm(disk, { recursive: true, force: true })
})

/** An instance with a repository, its volume of the same name, and what restic itself needs for that repository. */
interface Place {
  readonly id: string
  readonly repository: string
  readonly env: Readonly<Record<string, string>>
  /** The repository as a container sees it that has the folder `disk` at its own path. */
  readonly location: string
}

const PLACES = {
  folder: async (name: string) => {
    await mkdir(join(disk, name))
    return { repository: join(disk, name), env: {} }
  },
  rest: async (name: string) => ({ repository: `rest:http://u:pw-of-rest@${nas.address}:8080/${name}/`, env: {} }),
  sftp: async (name: string) => ({ repository: `sftp:backup@${nas.address}:${name}`, env: ssh }),
  s3: async (name: string) => ({ repository: `s3:http://${s3.address}:7070/bucket/${name}`, env: KEYS }),
}

async function newPlace(kind: keyof typeof PLACES, name: string): Promise<Place> {
  const { repository, env } = await PLACES[kind](name)
  const id = engine.name(name)
  onTestFinished(async () => void (await engine.docker(['volume', 'rm', '-f', id])))
  return { id, repository, location: repository, env: { RESTIC_PASSWORD: PASSWORD, ...env } }
}

type More = Readonly<Record<string, unknown>>

function configOf({ id, repository, env }: Place, { env: moreEnv, ...more }: More = {}) {
  const targets = [{ volume: id }]
  const keys = { id, repository, resticImage: image, pull: 'never', nodeName: HOST, targets, timeout: '20m' }
  return { instances: [{ ...keys, env: { ...env, ...(moreEnv as object) }, ...more }] }
}

const store = (place: Place, more: More = {}): Promise<ActionResult> => runJob(engine, configOf(place, more))

/** Runs shell text in the image, with the folder `disk` and the scripts in `/fake`. */
async function inImage(place: Place, script: string, env: Readonly<Record<string, string>> = {}) {
  const all: Record<string, string> = {
    RESTIC_REPOSITORY: place.location,
    MARINA_INSTANCE_ID: place.id,
    MARINA_HOSTNAME: HOST,
    ...place.env,
    ...env,
  }
  const args = Object.keys(all).flatMap((key) => ['-e', key])
  const mounts = ['-v', `${disk}:${disk}`, '-v', `${disk}/fake:/fake:ro`, '-v', `${place.id}-restored:/restore`]
  const ran = await engine.docker(['run', '--rm', '-i', ...mounts, ...args, image, 'sh', '-e'], {
    env: { ...process.env, ...all },
    input: script,
    timeoutMs: 300_000,
  })
  expect(ran.code, `${script}\n${ran.stdout}\n${ran.stderr}`).toBe(0)
  return ran.stdout.trim()
}

/** The ids of the instance's snapshots that are whole, oldest first, by the restore script's list. */
async function pointsOf(place: Place): Promise<string[]> {
  const said = await inImage(place, 'MARINA_RESTORE_LIST=1 /fake/restore.sh')
  const lines = said.split('\n').filter((line) => line !== '')
  for (const line of lines) expect(line).toMatch(/^[0-9a-f]{8} \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ host nas( \S.*)?$/)
  return lines
}

async function restoredTree(place: Place, script: string): Promise<string> {
  await inImage(place, script)
  try {
    return await treeOf(engine, `${place.id}-restored`, `/volume/${place.id}`, true)
  } finally {
    await engine.ok(['volume', 'rm', `${place.id}-restored`])
  }
}

async function fill(place: Place): Promise<void> {
  await engine.ok(['volume', 'create', place.id])
  await inVolume(engine, image, place.id, CONTENT + ATTRIBUTES)
}

test.each(['folder', 'rest', 'sftp', 's3'] as const)(
  '%s: created, added to, restored by restic itself and by the script',
  async (kind) => {
    const place = await newPlace(kind, `restic-${kind}`)
    await fill(place)
    const first = await treeOf(engine, place.id, '', true)
    const ran = await store(place)
    expectStored(ran)
    expect(ran.stdout).toContain('there is no repository yet')
    await inVolume(engine, image, place.id, `printf new >'since yesterday'; rm -f -- -rf; printf more >>deep/one`)
    const second = await treeOf(engine, place.id, '', true)
    const again = await store(place, { retention: '24h' }) // of one hour restic keeps the newest alone
    expectStored(again)
    for (const { stdout } of [ran, again])
      expect(stdout.replace(/::add-mask::.*/g, '')).not.toMatch(/pw-of-rest|correct horse|wJalr/)
    expect(again.stdout).toMatch(/1 new and [23] changed files, \d{1,5} bytes added/)
    const partly = await store(place, {
      targets: [{ volume: place.id }, { volume: `${place.id}-missing` }],
      retention: '1y',
    })
    expect(partly.outputs.result, partly.stdout).toBe('partial')
    expect(partly.stdout).toContain('no old snapshot is removed')
    const points = await pointsOf(place)
    expect(points.map((line) => line.replace(/^\S+ \S+ /, ''))).toEqual([
      `host nas volume:${place.id}`,
      `host nas partial volume:${place.id}`,
    ])
    const script = 'MARINA_RESTORE_DIR=/restore MARINA_RESTORE_POINT=latest /fake/restore.sh'
    expect(await restoredTree(place, script)).toBe(second)
    expect(second).not.toBe(first)
    if (kind !== 'sftp') {
      const own = `restic -q restore ${points[0]?.split(' ')[0]} --target /restore`
      expect(await restoredTree(place, own)).toBe(second)
    }
  },
)

describe('retention', () => {
  const DAYS = 40
  const START = Date.UTC(2026, 0, 20, 2, 17)
  const at = (day: number) => new Date(START + day * 86_400_000)
  const text = (time: Date) => time.toISOString().replace('T', ' ').slice(0, 19)

  /** The days that the rule keeps, by its own words: the last of each of the newest days, weeks and months. */
  function kept({ daily, weekly, monthly }: Record<'daily' | 'weekly' | 'monthly', number>): string[] {
    const week = (time: Date) => Math.floor((time.getTime() / 86_400_000 + 3) / 7) // weeks begin on Monday
    const newest = (of: (time: Date) => unknown, count: number) => {
      const last = new Map<unknown, Date>()
      for (let day = 0; day < DAYS; day++) last.set(of(at(day)), at(day))
      return [...last.values()].slice(-count)
    }
    const all = [
      ...newest((time) => time.toISOString().slice(0, 10), daily),
      ...newest(week, weekly),
      ...newest((time) => time.toISOString().slice(0, 7), monthly),
    ]
    return [...new Set(all.map((time) => time.toISOString().slice(0, 19)))].sort()
  }

  test('40 days: exactly what the rule keeps, of this instance and host alone', async () => {
    const place = await newPlace('folder', 'restic-days')
    await fill(place)
    await mkdir(join(disk, 'days'))
    const wrapper = `#!/bin/sh
case $1 in
  backup) shift; exec /usr/bin/restic backup --time "$AT" "$@" ;;
  check) exit 0 ;;
esac
exec /usr/bin/restic "$@"
`
    await writeFile(join(disk, 'days/restic'), wrapper, { mode: 0o755 })
    const days = Array.from({ length: DAYS }, (_, day) => `one '${text(at(day))}' ${day}`).join('\n')
    const script = `
export PATH=${disk}/days:$PATH MARINA_BACKUP_DIR=/b MARINA_RETENTION=7d:4w:6m
mkdir -p /b/volume/data
one() {
  export AT="$1"
  echo "$2" >/b/volume/data/day
  [ "$2" != 0 ] || { /usr/bin/restic -q init; for n in 1 2; do /usr/bin/restic -q backup --time '2020-01-01 00:00:00' --host other --tag "instance:$MARINA_INSTANCE_ID" /b; done; }
  [ "$2" != 0 ] || /usr/bin/restic -q backup --time '2020-01-01 00:00:00' --host nas --tag volume:data /b
  /fake/backup.sh >/tmp/out 2>&1 || { cat /tmp/out; exit 1; }
}
${days}
MARINA_PARTIAL=1 /fake/backup.sh
/usr/bin/restic snapshots --json >${disk}/days/json`
    await inImage(place, script)
    const snapshots = JSON.parse(await readFile(join(disk, 'days/json'), 'utf8')) as {
      time: string
      hostname: string
      tags: string[]
    }[]
    const of = (tag: string, host: string) =>
      snapshots
        .filter(({ tags, hostname }) => tags.includes(tag) && hostname === host)
        .map(({ time }) => time.slice(0, 19))
    expect(of(`instance:${place.id}`, 'nas')).toEqual(kept({ daily: 7, weekly: 4, monthly: 6 }))
    expect(of(`partial:${place.id}`, 'nas')).toHaveLength(1)
    expect(of(`instance:${place.id}`, 'other')).toHaveLength(2)
    expect(snapshots.filter(({ time }) => time.startsWith('2020'))).toHaveLength(3)
  })
})

test('a repository that Marina 0.9 made goes on: nothing is stored twice, its snapshots stay, the next one has a parent', async () => {
  const place = await newPlace('folder', 'restic-marina')
  await engine.ok(['volume', 'create', place.id])
  await inVolume(engine, image, place.id, 'head -c 5000000 /dev/urandom >big; echo 1 >small')
  // as its backend calls restic: paths with the time, the tags of the targets, the host's name
  const old = `
stage=/backup/${place.id}/20250101-020000/volume/${place.id}
mkdir -p "$stage" && cp -a ${disk}/restic-marina-data/. "$stage/"
restic --cleanup-cache init
restic --cleanup-cache backup --verbose --host nas "$stage" --tag volume:${place.id}`
  await mkdir(join(disk, 'restic-marina-data'))
  await engine.ok([
    'run',
    '--rm',
    '-v',
    `${place.id}:/v:ro`,
    '-v',
    `${disk}:/d`,
    image,
    'cp',
    '-a',
    '/v/.',
    '/d/restic-marina-data/',
  ])
  await inImage(place, old)
  const first = await store(place)
  expectStored(first)
  expect(first.stdout).not.toContain('there is no repository yet')
  expect(first.stdout).toMatch(/3 new and 0 changed files, \d{1,5} bytes added/) // the trees and manifest.json
  const second = await store(place)
  expectStored(second)
  expect(second.stdout).toMatch(/0 new and 1 changed files, \d{1,5} bytes added/)
  const snapshots = JSON.parse(await inImage(place, 'restic snapshots --json')) as { parent?: string; tags: string[] }[]
  expect(snapshots.map(({ tags }) => tags.join())).toEqual([
    `volume:${place.id}`,
    `instance:${place.id},volume:${place.id}`,
  ])
  expect(snapshots.at(-1)?.parent).toMatch(/^[0-9a-f]{64}$/)
})

describe('failures name their cause, and the next run succeeds', () => {
  test('a wrong password', async () => {
    const place = await newPlace('rest', 'restic-password')
    await fill(place)
    expectStored(await store(place))
    const ran = await store(place, { env: { RESTIC_PASSWORD: 'battery staple' } })
    expectFailed(ran, /the password does not open the repository: see env\.RESTIC_PASSWORD/)
    expect(ran.summary).toContain('the password does not open the repository')
    expectStored(await store(place))
    expect(await pointsOf(place)).toHaveLength(1) // the rule keeps one a day
  })

  test('no password, a server that is not there, a wrong SSH key, a folder that is not there', async () => {
    const place = await newPlace('rest', 'restic-nowhere')
    await fill(place)
    expectFailed(await store({ ...place, env: {} }), /restic has no password: set env\.RESTIC_PASSWORD/)
    expectFailed(
      await store(place, { repository: `rest:http://${nas.address}:1/` }),
      /connection refused: nothing was stored/,
    )
    expectFailed(await store(place, { repository: `rest:http://u:wrong@${nas.address}:8080/x/` }), /401/)
    const sftp = { repository: `sftp:backup@${nas.address}:x`, env: { ...ssh, SSH_KNOWN_HOSTS: '' } }
    expectFailed(await store(place, sftp), /Host key verification failed|unable to start the sftp session/)
    expectFailed(await store(place, { repository: join(disk, 'missing') }), /missing/)
    expectStored(await store(place))
  })

  test('a repository that a live process has locked: waited for, then told; without that process all is well', async () => {
    const place = await newPlace('folder', 'restic-locked')
    await fill(place)
    expectStored(await store(place))
    await mkdir(join(disk, 'clock'))
    // half an hour passes with each look at the clock
    const clock = `#!/bin/sh\n[ "$1" = +%s ] || exec /bin/date "$@"\nprintf x >>/tmp/clock; echo $(($(wc -c </tmp/clock) * 1800))\n`
    await writeFile(join(disk, 'clock/date'), clock, { mode: 0o755 })
    const holder = engine.name('restic-holder')
    const hold = `mkfifo /tmp/p; restic backup --stdin </tmp/p & exec 3>/tmp/p; wait`
    const env = ['-e', `RESTIC_PASSWORD=${PASSWORD}`, '-e', `RESTIC_REPOSITORY=${place.repository}`]
    await engine.ok(['run', '-d', '--name', holder, ...env, '-v', `${disk}:${disk}`, image, 'sh', '-c', hold])
    onTestFinished(async () => void (await engine.docker(['rm', '-fv', holder])))
    const isHeld = async () => expect(await inImage(place, 'restic -q list locks --no-lock')).toMatch(/[0-9a-f]{64}/)
    await vi.waitFor(isHeld, { timeout: 60_000, interval: 500 })
    const more = {
      mounts: [`${disk}/clock:/clock:ro`],
      env: { PATH: '/clock:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    }
    const ran = await store(place, more)
    expectFailed(
      ran,
      /the repository is locked by another process.*: snapshot [0-9a-f]{8} is stored, but old ones could not be removed/,
    )
    expect(ran.stdout).toMatch(/already locked by PID \d+/)
    await isHeld() // a live lock is nobody's to remove
    await engine.ok(['kill', '-s', 'KILL', holder])
    await inImage(place, 'restic unlock --remove-all')
    expectStored(await store(place))
  })
})
