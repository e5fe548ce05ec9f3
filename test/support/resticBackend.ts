/** Servers and images for instances with `repository`: an S3 server, restic's rest-server, SFTP, folders, and two versions of restic. */

import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { testServer } from '../../.ci/testServers.ts'
import type { ActionResult } from '../../examples/demo/action.ts'
import type { Engine } from '../../examples/demo/engine.ts'
import { RESTIC_BACKUP, RESTIC_RESTORE } from '../../src/restic/scripts.ts'
import { debianWith, type RunningServer, startBackend, treeOf } from './backends.ts'
import { inVolume } from './bench.ts'
import { builtImage, runJob } from './run.ts'
import { ATTRIBUTES, CONTENT } from './treeContent.ts'

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG' }
const PASSWORD = 'correct horse'
export const HOST = 'nas'

/** An SSH server, and rest-server twice over the same folder: the second one's quota is small. */
const NAS = `
mkdir -p /run/sshd /home/backup/.ssh /srv/rest
usermod -d /home/backup -s /bin/sh backup
ssh-keygen -q -t ed25519 -N '' -f /root/key
cp /root/key.pub /home/backup/.ssh/authorized_keys
chown -R backup: /home/backup
ssh-keygen -A
printf 'u:{SHA}%s\\n' "$(printf pw-of-rest | openssl dgst -sha1 -binary | base64)" >/srv/rest/.htpasswd
/server/rest-server --path /srv/rest --listen :8080 &
/server/rest-server --path /srv/rest --listen :8081 --max-size 200000 &
exec /usr/sbin/sshd -D -e`

export interface ResticBench {
  readonly engine: Engine
  /** Has the restic that `resticImage` pins, and BusyBox: as the official image. */
  readonly image: string
  /** Has Debian's restic, 0.14, and ssh. */
  readonly oldImage: string
  /** A folder of the engine's host. */
  readonly disk: string
  /** Volumes of the places, which go with the bench: a test that runs beside others cannot wait for its own end. */
  readonly volumes: string[]
  readonly s3: RunningServer
  readonly nas: RunningServer
  /** The `env` by which an instance gets into `nas` by SSH. */
  readonly ssh: Readonly<Record<'SSH_KEY' | 'SSH_KNOWN_HOSTS', string>>
}

/** `what` is part of the names of its servers. */
export async function startResticBench(engine: Engine, what: string): Promise<ResticBench> {
  const oldImage = await debianWith(engine, ['restic'])
  const image = await busyboxWithRestic(engine)
  const disk = await mkdtemp(join(engine.folder ?? tmpdir(), 'restic-'))
  const run = `mkdir -p /data/bucket /meta; exec /server/versitygw --port :7070 --access ${KEYS.AWS_ACCESS_KEY_ID} --secret ${KEYS.AWS_SECRET_ACCESS_KEY} posix --sidecar /meta /data`
  const s3 = await startBackend(engine, `${what}-s3`, { program: 'versitygw', run, says: /7070/ })
  const small = ['--tmpfs', '/home/backup/small:size=400k,mode=1777']
  const nas = await startBackend(engine, `${what}-nas`, {
    program: 'rest-server',
    run: NAS,
    says: /Server listening/,
    args: small,
  })
  const key = await engine.ok(['exec', nas.container, 'cat', '/root/key'])
  const host = await engine.ok(['exec', nas.container, 'cat', '/etc/ssh/ssh_host_ed25519_key.pub'])
  const ssh = { SSH_KEY: key.trim(), SSH_KNOWN_HOSTS: `${nas.address} ${host.split(' ').slice(0, 2).join(' ')}` }
  await mkdir(join(disk, 'scripts'))
  await writeFile(join(disk, 'scripts/backup.sh'), RESTIC_BACKUP, { mode: 0o755 })
  await writeFile(join(disk, 'scripts/restore.sh'), RESTIC_RESTORE, { mode: 0o755 })
  return { engine, image, oldImage, disk, volumes: [], s3, nas, ssh }
}

/** An image as the official one: BusyBox, and the restic that `resticImage` pins. */
export async function busyboxWithRestic(engine: Engine): Promise<string> {
  const image = `${engine.name('restic-busybox')}:latest`
  if ((await engine.docker(['image', 'inspect', image])).code === 0) return image
  const found = await testServer('restic')
  if ('missing' in found) throw new Error(`restic: ${found.missing}`)
  const base = await builtImage(engine, 'restic-base', ['RUN mkdir -p /tmp /usr/bin && chmod 1777 /tmp'])
  const container = await engine.ok(['create', base, 'true'])
  const program = await mkdtemp(join(tmpdir(), 'restic-program-'))
  await copyFile(join(found.folder, found.start), join(program, 'restic'))
  await chmod(join(program, 'restic'), 0o755)
  await engine.ok(['cp', join(program, 'restic'), `${container}:/usr/bin/restic`])
  await engine.ok(['commit', container, image])
  await engine.ok(['rm', container])
  await rm(program, { recursive: true })
  return image
}

export async function removeResticBench(bench: ResticBench | undefined): Promise<void> {
  if (bench === undefined) return
  const { engine, s3, nas, disk, volumes } = bench
  if (volumes.length > 0) await engine.docker(['volume', 'rm', '-f', ...volumes])
  await s3.remove()
  await nas.remove()
  // on an engine of the user's, its files are root's
  await engine.docker(['run', '--rm', '-v', `${disk}:/d`, engine.baseImage, 'sh', '-c', 'rm -rf /d/*'])
  await rm(disk, { recursive: true, force: true })
}

/** An instance with a repository, and its volume of the same name. */
export interface Place {
  readonly bench: ResticBench
  readonly id: string
  readonly repository: string
  readonly env: Readonly<Record<string, string>>
  readonly image: string
}

const PLACES = {
  folder: async ({ disk, image }: ResticBench, name: string) => {
    await mkdir(join(disk, name))
    return { repository: join(disk, name), env: {}, image }
  },
  rest: async ({ nas, image }: ResticBench, name: string) => ({
    repository: `rest:http://u:pw-of-rest@${nas.address}:8080/${name}/`,
    env: {},
    image,
  }),
  sftp: async ({ nas, ssh, oldImage }: ResticBench, name: string) => ({
    repository: `sftp:backup@${nas.address}:${name}`,
    env: ssh,
    image: oldImage,
  }),
  s3: async ({ s3, image }: ResticBench, name: string) => ({
    repository: `s3:http://${s3.address}:7070/bucket/${name}`,
    env: KEYS,
    image,
  }),
}
export type PlaceKind = keyof typeof PLACES

/** Prepares an instance of that name, without its volume's content. */
export async function newPlace(bench: ResticBench, kind: PlaceKind, name: string): Promise<Place> {
  const { repository, env, image } = await PLACES[kind](bench, name)
  const { engine } = bench
  const id = engine.name(name)
  bench.volumes.push(id, `${id}-restored`)
  return { bench, id, repository, image, env: { RESTIC_PASSWORD: PASSWORD, ...env } }
}

export async function fillPlace({ bench, id }: Place, content = CONTENT + ATTRIBUTES): Promise<void> {
  await bench.engine.ok(['volume', 'create', id])
  await inPlace({ bench, id }, content)
}

/** Runs shell text in the volume. */
export async function inPlace({ bench, id }: Pick<Place, 'bench' | 'id'>, script: string): Promise<void> {
  await inVolume(bench.engine, bench.oldImage, id, script)
}

export type MoreKeys = Readonly<Record<string, unknown>>

export function configOf({ id, repository, env, image }: Place, { env: moreEnv, ...more }: MoreKeys = {}) {
  const targets = [{ volume: id }]
  const keys = { id, repository, resticImage: image, pull: 'never', nodeName: HOST, targets, timeout: '20m' }
  return { instances: [{ ...keys, env: { ...env, ...(moreEnv as object) }, ...more }] }
}

/** Backs up by the built action. */
export function storeIn(place: Place, more: MoreKeys = {}): Promise<ActionResult> {
  return runJob(place.bench.engine, configOf(place, more))
}

/** Runs shell text where restic is, with the repository's password and address, the folder `disk`, and the scripts in `/scripts`. */
export async function byRestic(place: Place, script: string): Promise<string> {
  const { engine, disk } = place.bench
  const all: Record<string, string> = {
    RESTIC_REPOSITORY: place.repository,
    MARINA_INSTANCE_ID: place.id,
    MARINA_HOSTNAME: HOST,
    ...place.env,
  }
  const args = Object.keys(all).flatMap((key) => ['-e', key])
  const mounts = ['-v', `${disk}:${disk}`, '-v', `${disk}/scripts:/scripts:ro`, '-v', `${place.id}-restored:/restore`]
  const ran = await engine.docker(['run', '--rm', '-i', ...mounts, ...args, place.image, 'sh', '-e'], {
    env: { ...process.env, ...all },
    input: script,
    timeoutMs: 300_000,
  })
  expect(ran.code, `${script}\n${ran.stdout}\n${ran.stderr}`).toBe(0)
  return ran.stdout.trim()
}

/** The lines of the restore script's list, oldest first. */
export async function pointsOf(place: Place): Promise<string[]> {
  const said = await byRestic(place, 'MARINA_RESTORE_LIST=1 /scripts/restore.sh')
  const lines = said.split('\n').filter((line) => line !== '')
  for (const line of lines)
    expect(line).toMatch(/^[0-9a-f]{8} \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ( partial)? host nas( \S.*)?$/)
  return lines
}

/** Restores by shell text into `/restore`, and describes what the source's volume was then. */
export async function restoredBy(place: Place, script: string): Promise<string> {
  const { engine } = place.bench
  await byRestic(place, script)
  try {
    return await treeOf(engine, `${place.id}-restored`, `/volume/${place.id}`, true)
  } finally {
    await engine.ok(['volume', 'rm', `${place.id}-restored`])
  }
}

/** The ids of the locks in the repository. */
export async function locksOf(place: Place): Promise<string[]> {
  const said = await byRestic(place, 'restic -q list locks --no-lock')
  return said.split('\n').filter((line) => line !== '')
}
