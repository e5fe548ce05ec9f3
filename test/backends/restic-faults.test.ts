/** Instances with `repository` whose storage refuses, is locked, is full or goes down, and runs that are stopped: what people read, and that the next run succeeds. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { expectFailed, expectStored, startDyingServer } from '../support/backends.ts'
import {
  byRestic,
  configOf,
  fillPlace,
  inPlace,
  locksOf,
  type MoreKeys,
  newPlace,
  type Place,
  pointsOf,
  type ResticBench,
  removeResticBench,
  startResticBench,
  storeIn,
} from '../support/resticBackend.ts'
import { startJob, testEngine } from '../support/run.ts'

const engine = testEngine()
let bench: ResticBench

beforeAll(async () => {
  bench = await startResticBench(engine, 'restic-faults')
}, 900_000)

afterAll(() => removeResticBench(bench))

/** Holds that the backup fails in these words, and that the points are the same as before. */
async function fails(place: Place, more: MoreKeys, words: RegExp): Promise<void> {
  const before = await pointsOf(place)
  const ran = await storeIn(place, more)
  expectFailed(ran, words)
  expect(await pointsOf(place)).toEqual(before)
}

/** Stores, and holds that there is one point: the rule keeps one, and the next whole backup removes what is older. */
async function storesAgain(place: Place): Promise<void> {
  const before = await pointsOf(place)
  expectStored(await storeIn(place, { retention: '1d' }))
  const after = await pointsOf(place)
  expect(after).toHaveLength(1)
  expect(after).not.toEqual(before)
}

test('a wrong password', async () => {
  const place = await newPlace(bench, 'rest', 'restic-password')
  await fillPlace(place)
  expectStored(await storeIn(place))
  const ran = await storeIn(place, { env: { RESTIC_PASSWORD: 'battery staple' } })
  expectFailed(ran, /the password does not open the repository: see env\.RESTIC_PASSWORD/)
  expect(ran.summary).toContain('the password does not open the repository')
  await storesAgain(place)
})

async function nowhere(): Promise<void> {
  const place = { ...(await newPlace(bench, 'rest', 'restic-nowhere')), image: bench.oldImage }
  const { nas, ssh, disk } = bench
  await fillPlace(place, 'echo 1 >file')
  expectFailed(await storeIn({ ...place, env: {} }), /restic has no password: set env\.RESTIC_PASSWORD/)
  expectFailed(
    await storeIn(place, { repository: `rest:http://${nas.address}:1/` }),
    /connection refused: nothing was stored/,
  )
  expectFailed(await storeIn(place, { repository: `rest:http://u:wrong@${nas.address}:8080/x/` }), /401/)
  const sftp = { repository: `sftp:backup@${nas.address}:x`, env: { ...ssh, SSH_KNOWN_HOSTS: '' } }
  expectFailed(await storeIn(place, sftp), /Host key verification failed|unable to start the sftp session/)
  expectFailed(await storeIn(place, { repository: join(disk, 'missing') }), /missing/)
  expectStored(await storeIn(place))
}

async function quota(): Promise<void> {
  const place = await newPlace(bench, 'rest', 'restic-quota')
  const { oldImage } = bench
  await fillPlace(place, 'echo 1 >file')
  expectStored(await storeIn(place))
  await inPlace(place, 'head -c 400000 /dev/urandom >big')
  // the older restic gives up after a minute, the newer one after a quarter of an hour
  const small = { repository: place.repository.replace(':8080/', ':8081/'), resticImage: oldImage }
  await fails(place, small, /413|507.*its quota is used up/)
  await byRestic(place, 'restic unlock --remove-all')
  await storesAgain(place)
}

async function fullDisk(): Promise<void> {
  const sftp = await newPlace(bench, 'sftp', 'restic-full')
  const full = { ...sftp, repository: sftp.repository.replace(':restic-full', ':small/restic-full') }
  await fillPlace(full, 'echo 1 >file')
  expectStored(await storeIn(full))
  await inPlace(full, 'head -c 600000 /dev/urandom >big')
  await fails(full, {}, /SFTP does not say why: is the disk there full\?/)
  await inPlace(full, 'rm big')
  await storesAgain(full)
}

async function dies(): Promise<void> {
  const place = { ...(await newPlace(bench, 'rest', 'restic-dies')), image: bench.oldImage }
  await fillPlace(place, 'echo 1 >file')
  expectStored(await storeIn(place))
  await inPlace(place, 'head -c 2000000 /dev/urandom >big')
  const dying = await startDyingServer(engine, bench.nas, 8080)
  const repository = place.repository.replace(bench.nas.address, dying.address)
  await fails(place, { repository }, /(connection refused|no route to host|EOF|connection reset).*: nothing was stored/)
  await dying.remove()
  // what restic could not give back is removed 30 minutes later
  expect((await locksOf(place)).length).toBeGreaterThan(0)
  await byRestic(place, 'restic unlock --remove-all')
  await storesAgain(place)
}

// at the same time, since restic asks a server that does not answer for minutes
test('a place that is not there or lets nobody in, a quota, a full disk, a server that goes down half way', async () => {
  await Promise.all([nowhere(), quota(), fullDisk(), dies()])
}, 900_000)

test('a run that is stopped while it stores leaves no lock', async () => {
  const place = await newPlace(bench, 'rest', 'restic-stopped')
  await fillPlace(place, 'echo 1 >file')
  expectStored(await storeIn(place))
  await inPlace(place, 'head -c 300000000 /dev/urandom >big')
  const before = await pointsOf(place)
  const job = await startJob(engine, configOf(place, { env: { RESTIC_PROGRESS_FPS: '5' } }))
  await job.says(/\d+ % of \d+ files stored/)
  job.cancel()
  const ran = await job.done
  expect(ran.outputs.result, ran.stdout).toBe('cancelled')
  await ran.post()
  expect(await locksOf(place)).toEqual([])
  expect(await pointsOf(place)).toEqual(before)
  await storesAgain(place)
})

test('a repository that a live process has locked: waited for, then told; without that process all is well', async () => {
  // the shell of BusyBox would take its own date for the clock below
  const place = { ...(await newPlace(bench, 'folder', 'restic-locked')), image: bench.oldImage }
  const { disk, oldImage } = bench
  await fillPlace(place, 'echo 1 >file')
  expectStored(await storeIn(place))
  await mkdir(join(disk, 'clock'))
  // half an hour passes with each look at the clock
  const clock = `#!/bin/sh\n[ "$1" = +%s ] || exec /bin/date "$@"\nprintf x >>/tmp/clock; echo $(($(wc -c </tmp/clock) * 1800))\n`
  await writeFile(join(disk, 'clock/date'), clock, { mode: 0o755 })
  const holder = engine.name('restic-holder')
  const hold = `mkfifo /tmp/p; restic backup --stdin </tmp/p & exec 3>/tmp/p; wait`
  const env = ['-e', `RESTIC_PASSWORD=${place.env.RESTIC_PASSWORD}`, '-e', `RESTIC_REPOSITORY=${place.repository}`]
  await engine.ok(['run', '-d', '--name', holder, ...env, '-v', `${disk}:${disk}`, oldImage, 'sh', '-c', hold])
  onTestFinished(async () => void (await engine.docker(['rm', '-fv', holder])))
  const isHeld = async () => expect(await locksOf(place)).toHaveLength(1)
  await vi.waitFor(isHeld, { timeout: 60_000, interval: 500 })
  const more = {
    mounts: [`${disk}/clock:/clock:ro`],
    env: { PATH: '/clock:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  }
  const ran = await storeIn(place, more)
  expectFailed(
    ran,
    /the repository is locked by another process.*: snapshot [0-9a-f]{8} is stored, but old ones could not be removed/,
  )
  expect(ran.stdout).toMatch(/already locked by PID \d+/)
  expect(await pointsOf(place)).toHaveLength(2)
  await isHeld() // a live lock is nobody's to remove
  await engine.ok(['kill', '-s', 'KILL', holder])
  await byRestic(place, 'restic unlock --remove-all')
  await storesAgain(place)
})
