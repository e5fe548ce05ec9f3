/** Runs the scripts of the example images with stand-ins for their tools: names and retention of partial backups, signals, and secrets. */

import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const IMAGES = join(import.meta.dirname, '../../../examples/images')
const STAND_INS: Readonly<Record<string, string>> = {
  // the other machine is the folder $THERE
  ssh: 'cd "$THERE"; for last; do :; done; exec sh -c "$last"',
  // a remote is the folder $THERE
  rclone: `command=$1; shift; [ "$1" != --format ] || { shift 2; wc -c <"$THERE/\${1#*:}"; exit; }
at=$THERE/\${1#*:}
case $command in
lsf) [ ! -d "$at" ] || ls "$at" ;;
rcat) mkdir -p "\${at%/*}"; cat >"$at" ;;
cat) cat "$at" ;;
deletefile) rm "$at" ;;
esac`,
  age: 'cat',
  borg: `echo "$*" >>"$THERE/calls"
case $1 in
create) echo '  "nfiles": 1,'; exit "\${CREATE_ENDS:-0}" ;;
delete) exit 2 ;;
list) [ ! -e "$THERE/names" ] || cat "$THERE/names" ;;
esac`,
  curl: 'printf "%s\\n" "$@" >"$THERE/arguments"; cat >"$THERE/input"',
}

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'examples-'))
  for (const folder of ['bin', 'there', 'backup', 'restored']) mkdirSync(join(root, folder))
  for (const [name, text] of Object.entries(STAND_INS)) put(`bin/${name}`, `#!/bin/sh\nset -eu\n${text}\n`)
  put('backup/manifest.json', '{}')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function put(path: string, text: string): void {
  writeFileSync(join(root, path), text)
  chmodSync(join(root, path), 0o755)
}

const environment = (more: Readonly<Record<string, string>>) => ({
  PATH: `${join(root, 'bin')}:${process.env.PATH}`,
  THERE: join(root, 'there'),
  MARINA_INSTANCE_ID: 'shop',
  MARINA_HOSTNAME: 'nas',
  MARINA_BACKUP_DIR: join(root, 'backup'),
  MARINA_RETENTION: '2d',
  SSH_HOST: 'nas',
  SSH_KEY: 'key',
  SSH_KNOWN_HOSTS: 'nas',
  S3_BUCKET: 'bucket',
  DESTINATION: 'cloud:bucket',
  AGE_RECIPIENT: 'age1',
  AGE_IDENTITY: 'AGE-SECRET-KEY-1',
  BORG_REPO: 'repository',
  BORG_PASSPHRASE: 'phrase',
  ...more,
})

/** Puts a script of an image into the temporary folder, with `/archive` and `/steps` there. */
function scriptOf(image: string, file: string): string {
  const at = (path: string) => readFileSync(join(IMAGES, image, path), 'utf8')
  const moved = (text: string) =>
    text.replaceAll('/archive', join(root, 'there')).replace(/(?<=["= ])\/steps/g, join(root, 'steps'))
  if (image === 'workflow' && !existsSync(join(root, 'steps'))) {
    for (const when of ['before', 'after']) mkdirSync(join(root, 'steps', when), { recursive: true })
    for (const step of ['after/10-latest', 'after/20-retention']) put(`steps/${step}`, moved(at(`steps/${step}`)))
  }
  const path = `${image}-${file}`
  put(path, moved(at(file)))
  return join(root, path)
}

const run = (image: string, file: string, env: Readonly<Record<string, string>>) =>
  execFileSync(scriptOf(image, file), { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] }).toString()

const MISSING = { MARINA_PARTIAL: '1', MARINA_FAILED_TARGETS: 'missing' }
const backUp = (image: string, time: string, more = {}) => run(image, 'backup.sh', { MARINA_TIMESTAMP: time, ...more })
const ids = (image: string) =>
  run(image, 'restore.sh', { MARINA_RESTORE_LIST: '1' })
    .split('\n')
    .filter((line) => line !== '')

describe.each(['airgap-ssh', 's3', 'encrypted', 'workflow'])('%s', (image) => {
  test('a partial backup takes the place of no whole one, neither in the count nor as the latest', () => {
    backUp(image, '20261101-020000')
    backUp(image, '20261102-020000')
    backUp(image, '20261102-030000', MISSING)
    backUp(image, '20261103-020000', MISSING)
    const lines = ids(image)
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      '20261101-020000',
      '20261102-020000',
      '20261102-030000.partial',
      '20261103-020000.partial',
    ])
    expect(lines[1]).toMatch(/^\S+ 2026-11-02T02:00:00Z (in|on) /)
    expect(lines[3]).toMatch(/^\S+ 2026-11-03T02:00:00Z partial (in|on) /)
    const restore = { MARINA_RESTORE_DIR: join(root, 'restored') }
    const said = (point: string) => {
      const script = `exec "$0" 2>&1`
      const env = environment({ ...restore, MARINA_RESTORE_POINT: point })
      return execFileSync('sh', ['-c', script, scriptOf(image, 'restore.sh')], { env }).toString()
    }
    expect(said('latest')).toMatch(/Restored .*20261102-020000\.tar/)
    expect(said('20261103-020000.partial')).toMatch(/Restored .*20261103-020000\.partial\.tar/)
    // a whole run counts both kinds for itself
    backUp(image, '20261104-020000')
    expect(ids(image).map((line) => line.split(' ')[0])).toEqual([
      '20261102-020000',
      '20261102-030000.partial',
      '20261103-020000.partial',
      '20261104-020000',
    ])
  })

  test('ten partial nights and a whole one leave whole backups; strange names neither count nor go', () => {
    const night = (n: number) => `202610${String(n).padStart(2, '0')}-020000`
    backUp(image, '20260901-020000')
    backUp(image, '20260902-020000')
    const folder = image === 'workflow' ? 'shop' : image === 'airgap-ssh' ? 'marina/shop' : 'bucket/shop'
    const strange = ['20991231-020000x.sha256', 'zzz.sha256', 'zzz.tar.gz'].map((name) => `there/${folder}/${name}`)
    for (const path of strange) put(path, '')
    for (let n = 1; n <= 10; n++) backUp(image, night(n), MISSING)
    expect(ids(image)).toHaveLength(12)
    backUp(image, '20261101-020000')
    expect(ids(image).map((line) => line.split(' ')[0])).toEqual([
      '20260902-020000',
      `${night(9)}.partial`,
      `${night(10)}.partial`,
      '20261101-020000',
    ])
    for (const path of strange) expect(existsSync(join(root, path)), path).toBe(true)
  }, 120_000)
})

describe('borg', () => {
  const calls = () => readFileSync(join(root, 'there/calls'), 'utf8')

  test('an archive gets the name of a backup after code 0 alone', () => {
    put('there/names', 'shop-20261101-020000.unfinished.checkpoint\n')
    expect(() => backUp('borg', '20261102-020000', { CREATE_ENDS: '1' })).toThrow(/Nothing counts as stored/)
    expect(calls()).toMatch(/create .*::shop-20261102-020000\.unfinished/)
    expect(calls()).not.toMatch(/rename|prune/)
    writeFileSync(join(root, 'there/names'), '')
    backUp('borg', '20261103-020000', MISSING)
    expect(calls()).toMatch(/rename .*::shop-20261103-020000\.partial\.unfinished shop-20261103-020000\.partial\n/)
    expect(calls()).not.toMatch(/prune/)
  })

  test('unfinished archives are no points, and latest is a whole one', () => {
    const names = ['1', '2.partial', '3.unfinished', '4.partial.unfinished', '5.unfinished.checkpoint']
    put('there/names', names.map((name) => `shop-2026110${name.replace(/^./, '$&-020000')}\n`).join(''))
    expect(ids('borg')).toEqual([
      '20261101-020000 2026-11-01T02:00:00Z archive shop-20261101-020000',
      '20261102-020000.partial 2026-11-02T02:00:00Z partial archive shop-20261102-020000.partial',
    ])
    run('borg', 'restore.sh', { MARINA_RESTORE_POINT: 'latest', MARINA_RESTORE_DIR: join(root, 'restored') })
    expect(calls()).toMatch(/extract .*::shop-20261101-020000\n/)
  })

  test.each([
    ['7d:4w:6m', '--keep-daily 7 --keep-weekly 4 --keep-monthly 6'],
    ['24h:2y', '--keep-hourly 24 --keep-yearly 2'],
    ['3:2:5', '--keep-daily 3 --keep-weekly 2 --keep-monthly 5'],
    [':4', '--keep-weekly 4'],
    ['3::5', '--keep-daily 3 --keep-monthly 5'],
    ['0d:2m:', '--keep-monthly 2'],
    ['12m:3y', '--keep-monthly 12 --keep-yearly 3'],
  ])('%s becomes %s, for whole and partial ones apart', (rule, options) => {
    backUp('borg', '20261102-020000', { MARINA_RETENTION: rule })
    const glob = `shop-${'[0-9]'.repeat(8)}-${'[0-9]'.repeat(6)}`
    const prunes = calls()
      .split('\n')
      .filter((line) => line.startsWith('prune'))
    expect(prunes.map((line) => line.trim())).toEqual(
      ['', '.partial'].map((kind) => `prune --lock-wait 600 --glob-archives ${glob}${kind} ${options}`),
    )
  })
})

test.each([
  ['7d:4w:6m', '7D:1D,4W:1W,6M:1M'],
  ['24h:2y', '24h:1h,2Y:1Y'],
  ['3:2:5', '3D:1D,2W:1W,5M:1M'],
  [':4', '4W:1W'],
  ['3::5', '3D:1D,5M:1M'],
  ['0d:2m:', '2M:1M'],
])('duplicati: %s becomes %s', (rule, policy) => {
  const text = readFileSync(join(IMAGES, 'duplicati/backup.sh'), 'utf8')
  const keep = /keep=\$\(echo "\$MARINA_RETENTION"[\s\S]*?}'\)\n/.exec(text)?.[0]
  const script = `${keep}\nprintf %s "$keep"`
  expect(execFileSync('sh', ['-euc', script], { env: environment({ MARINA_RETENTION: rule }) }).toString()).toBe(policy)
})

describe('workflow', () => {
  const NOTIFY_URL = 'https://watch.example/se"cr\\et'

  test('the secret address is no argument of curl', () => {
    backUp('workflow', '20261102-020000', { NOTIFY_URL })
    expect(readFileSync(join(root, 'there/arguments'), 'utf8')).not.toContain('watch.example')
    expect(readFileSync(join(root, 'there/input'), 'utf8')).toBe('url = "https://watch.example/se\\"cr\\\\et"\n')
  })

  test.each(['tar', 'sync', 'steps/before/10-slow'])(
    'a stop while %s runs ends it; the steps of after run, and the watcher hears it',
    async (slow) => {
      const script = scriptOf('workflow', 'backup.sh')
      put(slow.includes('/') ? slow : `bin/${slow}`, '#!/bin/sh\n: >"$THERE/runs"\nexec sleep 300\n')
      put('steps/after/30-mark', '#!/bin/sh\necho "$BACKUP_RESULT" >"$THERE/after"\n')
      const child = spawn(script, {
        env: environment({ MARINA_TIMESTAMP: '20261102-020000', NOTIFY_URL }),
        stdio: 'ignore',
      })
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
      await vi.waitFor(() => expect(existsSync(join(root, 'there/runs'))).toBe(true), { timeout: 60_000, interval: 20 })
      child.kill('SIGTERM')
      expect(await ended).toBe(143)
      expect(readFileSync(join(root, 'there/after'), 'utf8')).toBe('failure\n')
      expect(readFileSync(join(root, 'there/arguments'), 'utf8')).toMatch(
        /"result":"failure","text":"It was stopped\."/,
      )
      const left = existsSync(join(root, 'there/shop')) ? readdirSync(join(root, 'there/shop')) : []
      expect(left).toEqual([])
    },
    90_000,
  )
})
