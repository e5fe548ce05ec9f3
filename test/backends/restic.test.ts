/**
 * Instances with `repository` against real servers: an S3 server, restic's rest-server, SFTP, a folder. What is stored comes back by
 * restic's own command and by the restore script; the rule of retention is kept to the day.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectStored, treeOf } from '../support/backends.ts'
import {
  byRestic,
  fillPlace,
  inPlace,
  newPlace,
  type PlaceKind,
  pointsOf,
  type ResticBench,
  removeResticBench,
  restoredBy,
  startResticBench,
  storeIn,
} from '../support/resticBackend.ts'
import { testEngine } from '../support/run.ts'

const engine = testEngine()
let bench: ResticBench

beforeAll(async () => {
  bench = await startResticBench(engine, 'restic')
}, 900_000)

afterAll(() => removeResticBench(bench))

/** Gives ssh its files, as a person does who restores by hand. */
const SSH_BY_HAND = `mkdir -p ~/.ssh; printf '%s\\n' "$SSH_KEY" >~/.ssh/id_ed25519; printf '%s\\n' "$SSH_KNOWN_HOSTS" >~/.ssh/known_hosts
chmod 600 ~/.ssh/id_ed25519
`

test.each<PlaceKind>(['folder', 'rest', 'sftp', 's3'])(
  '%s: created, added to, restored by restic itself and by the script',
  async (kind) => {
    const place = await newPlace(bench, kind, `restic-${kind}`)
    await fillPlace(place)
    const first = await treeOf(engine, place.id, '', true)
    const ran = await storeIn(place)
    expectStored(ran)
    expect(ran.stdout).toContain('there is no repository yet')
    await inPlace(place, `printf new >'since yesterday'; rm -f -- -rf; printf more >>deep/one`)
    const second = await treeOf(engine, place.id, '', true)
    const again = await storeIn(place, { retention: '1h' }) // of one hour restic keeps the newest alone
    expectStored(again)
    for (const { stdout } of [ran, again])
      expect(stdout.replace(/::add-mask::.*/g, '')).not.toMatch(/pw-of-rest|correct horse|wJalr/)
    expect(again.stdout).toMatch(/1 new and [23] changed files, \d{1,5} bytes added/)
    const targets = [{ volume: place.id }, { volume: `${place.id}-missing` }]
    const partly = await storeIn(place, { targets, retention: '1y' })
    expect(partly.outputs.result, partly.stdout).toBe('partial')
    expect(partly.stdout).toContain('no old snapshot is removed')
    const points = await pointsOf(place)
    expect(points.map((line) => line.replace(/^\S+ \S+ /, ''))).toEqual([
      `host nas volume:${place.id}`,
      `partial host nas volume:${place.id}`,
    ])
    const script = 'MARINA_RESTORE_DIR=/restore MARINA_RESTORE_POINT=latest /scripts/restore.sh'
    expect(await restoredBy(place, script)).toBe(second)
    expect(second).not.toBe(first)
    const own = `restic -q restore ${points[0]?.split(' ')[0]} --target /restore`
    expect(await restoredBy(place, kind === 'sftp' ? SSH_BY_HAND + own : own)).toBe(second)
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
      at(0), // restic 0.18 also keeps the oldest as long as there are fewer than a rule asks for: these days have not 6 months
    ]
    return [...new Set(all.map((time) => time.toISOString().slice(0, 19)))].sort()
  }

  test('40 days: exactly what the rule keeps, of this instance and host alone', async () => {
    const place = await newPlace(bench, 'folder', 'restic-days')
    await fillPlace(place)
    const { disk } = bench
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
  /scripts/backup.sh >/tmp/out 2>&1 || { cat /tmp/out; exit 1; }
}
${days}
MARINA_PARTIAL=1 /scripts/backup.sh
/usr/bin/restic snapshots --json >${disk}/days/json`
    await byRestic(place, script)
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
  const place = await newPlace(bench, 'folder', 'restic-marina')
  await engine.ok(['volume', 'create', place.id])
  await inPlace(place, 'head -c 5000000 /dev/urandom >big; echo 1 >small')
  const { disk, oldImage } = bench
  // as its backend calls restic: paths with the time, the tags of the targets, the host's name
  const old = `
stage=/backup/${place.id}/20250101-020000/volume/${place.id}
mkdir -p "$stage" && cp -a ${disk}/restic-marina-data/. "$stage/"
restic --cleanup-cache init
restic --cleanup-cache backup --verbose --host nas "$stage" --tag volume:${place.id}`
  await mkdir(join(disk, 'restic-marina-data'))
  const mounts = ['-v', `${place.id}:/v:ro`, '-v', `${disk}:/d`]
  await engine.ok(['run', '--rm', ...mounts, oldImage, 'cp', '-a', '/v/.', '/d/restic-marina-data/'])
  await byRestic({ ...place, image: oldImage }, old)
  const first = await storeIn(place)
  expectStored(first)
  expect(first.stdout).not.toContain('there is no repository yet')
  expect(first.stdout).toMatch(/3 new and 0 changed files, \d{1,5} bytes added/) // the trees and manifest.json
  const second = await storeIn(place, { retention: '1d' })
  expectStored(second)
  expect(second.stdout).toMatch(/0 new and 1 changed files, \d{1,5} bytes added/)
  const snapshots = JSON.parse(await byRestic(place, 'restic snapshots --json')) as {
    parent?: string
    tags: string[]
  }[]
  expect(snapshots.map(({ tags }) => tags.join())).toEqual([
    `volume:${place.id}`,
    `instance:${place.id},volume:${place.id}`,
  ])
  expect(snapshots.at(-1)?.parent).toMatch(/^[0-9a-f]{64}$/)
})
