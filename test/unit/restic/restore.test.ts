/** The restore script of `repository` with a restic that answers as it is told: what it lists, and what is a failure. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { RESTIC_RESTORE } from '../../../src/restic/scripts.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function runScript(restic: string, env: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'restic-restore-'))
  folders.push(folder)
  writeFileSync(join(folder, 'restic'), `#!/bin/sh\n${restic}\n`, { mode: 0o755 })
  writeFileSync(join(folder, 'sleep'), '#!/bin/sh\n', { mode: 0o755 })
  const { status, stdout, stderr } = spawnSync('sh', ['-c', RESTIC_RESTORE], {
    env: { PATH: `${folder}:${process.env.PATH}`, MARINA_INSTANCE_ID: 'docs', MARINA_HOSTNAME: 'nas', ...env },
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, stdout, stderr }
}

const says = (code: number, ...lines: readonly string[]) =>
  `${lines.map((line) => `echo '${line}' >&2`).join('\n')}\nexit ${code}`
const LIST = { MARINA_RESTORE_LIST: '1' }
const LATEST = { MARINA_RESTORE_POINT: 'latest', MARINA_RESTORE_DIR: '/nowhere' }

describe('no repository', () => {
  test.each([
    [
      'restic 0.17 and newer',
      says(
        10,
        '{"message_type":"exit_error","code":10,"message":"Fatal: repository does not exist: unable to open config file: stat /r/config: no such file or directory"}',
      ),
    ],
    [
      'a folder',
      says(
        1,
        'Fatal: unable to open config file: stat /r/config: no such file or directory',
        'Is there a repository at the following location?',
        '/r',
      ),
    ],
    ['S3', says(1, 'Fatal: unable to open config file: Stat: The specified key does not exist.')],
    ['REST', says(1, 'Fatal: unable to open config file: <config/> does not exist')],
  ])('%s: nothing is listed, and that is no failure; a restore fails', (_, restic) => {
    expect(runScript(restic, LIST)).toMatchObject({ status: 0, stdout: '' })
    const restored = runScript(restic, LATEST)
    expect(restored.status).not.toBe(0)
    expect(restored.stderr).toContain('has no snapshot of instance docs')
  })
})

test.each([
  ['a wrong password', says(12, 'Fatal: wrong password or no key found')],
  [
    'a bucket that does not exist',
    says(1, 'Fatal: unable to open config file: Stat: The specified bucket does not exist'),
  ],
  ['a server that cannot be reached', says(1, 'Fatal: unable to open config file: Stat: dial tcp: connection refused')],
  ['a repository whose name lies', says(1, 'Fatal: unable to open repository', 'Fatal of: no such file or directory')],
])('%s is a failure, and not an empty list', (_, restic) => {
  const listed = runScript(restic, LIST)
  expect(listed.status).not.toBe(0)
  expect(listed.stderr).toContain('could not be listed')
})

test('a store that cannot be reached is told from a bad backup', () => {
  const refused = 'Fatal: unable to open config file: Stat: dial tcp 127.0.0.1:9: connect: connection refused'
  const listed = runScript(says(1, refused), LIST)
  expect(listed.status).toBe(75)
  expect(listed.stderr).toContain('could not be listed since the store could not be reached')
  const list = `case $1 in snapshots) echo '[{"time":"2001-02-03T04:05:06.7Z","tree":"ff","hostname":"nas","tags":["instance:docs"],"id":"abcdef01ff","short_id":"abcdef01"}]'; exit;; esac`
  expect(runScript(`${list}\n${says(1, 'Fatal: read tcp: i/o timeout')}`, LATEST).status).toBe(75)
  expect(runScript(`${list}\n${says(1, 'Fatal: ciphertext verification failed')}`, LATEST).status).toBe(1)
})

test('the points of this host are listed, oldest first', () => {
  const snapshot = `{"time":"2001-02-03T04:05:06.7Z","tree":"ff","paths":["/backup"],"hostname":"nas","tags":["instance:docs"],"id":"abcdef01ff","short_id":"abcdef01"}`
  const { status, stdout } = runScript(`echo '[${snapshot}]'`, LIST)
  expect([status, stdout]).toEqual([0, 'abcdef01 2001-02-03T04:05:06Z host nas\n'])
})

describe('a snapshot that lacks something', () => {
  const snapshot = (id: string, tag: string) =>
    `{"time":"2001-02-03T04:05:06.7Z","tree":"ff","hostname":"nas","tags":["${tag}:docs","volume:partial"],"id":"${id}ff","short_id":"${id}"}`
  const restic = (...list: readonly string[]) =>
    `case $1 in snapshots) echo '[${list.join(',')}]';; *) echo "$*" >&2;; esac`

  test('is called partial, and is never the latest', () => {
    const both = restic(snapshot('aaaaaaaa', 'instance'), snapshot('bbbbbbbb', 'partial'))
    expect(runScript(both, LIST).stdout).toBe(
      'aaaaaaaa 2001-02-03T04:05:06Z host nas volume:partial\nbbbbbbbb 2001-02-03T04:05:06Z partial host nas volume:partial\n',
    )
    const latest = runScript(both, LATEST)
    expect(latest.status).toBe(0)
    expect(latest.stderr).toContain('the newest snapshot bbbbbbbb lacks something: aaaaaaaa is the newest whole one')
    expect(latest.stderr).toContain('restore aaaaaaaa --target /nowhere')
    expect(runScript(both, { ...LATEST, MARINA_RESTORE_POINT: 'bbbbbbbb' }).stderr).toContain('restore bbbbbbbb')
  })

  test('is restored by its id alone if there is no other', () => {
    const latest = runScript(restic(snapshot('bbbbbbbb', 'partial')), LATEST)
    expect(latest.status).toBe(1)
    expect(latest.stderr).toContain('name one by its id, such as bbbbbbbb')
  })
})

test.each([
  [
    'a damaged repository: the first trouble, and what helps',
    'ignoring error for /db/shop/dump.sql: decrypting blob <data/6cf177dd> from 54c768ea failed: ciphertext verification failed',
    'point 0a1b2c3d could not be restored: /db/shop/dump.sql: decrypting blob <data/6cf177dd> from 54c768ea failed: ciphertext verification failed. The repository is damaged there: try an older point, and see `restic check --read-data`',
  ],
  [
    'a full disk',
    'ignoring error for /volume/a: write /restore/volume/a: no space left on device',
    'point 0a1b2c3d could not be restored: /volume/a: write /restore/volume/a: no space left on device',
  ],
  ['no word of a file', 'Fatal: server is gone', 'point 0a1b2c3d could not be restored'],
])('a restore that fails ends with its cause: %s', (_, trouble, last) => {
  const snapshots = '[{"time":"2026-11-28T02:00:00Z","hostname":"nas","tags":["instance:docs"],"short_id":"0a1b2c3d"}]'
  const ran = runScript(
    `case $1 in snapshots) echo '${snapshots}' ;; *) echo '${trouble}' >&2; echo 'Fatal: There were 2 errors' >&2; exit 1 ;; esac`,
    LATEST,
  )
  expect(ran.status).toBe(1)
  expect(ran.stderr.trimEnd().split('\n').at(-1)).toBe(last)
})

describe('a repository in which no lock can be had', () => {
  const SNAPSHOT = `{"time":"2001-02-03T04:05:06.7Z","tree":"ff","hostname":"nas","tags":["instance:docs"],"id":"aaaaaaaaff","short_id":"aaaaaaaa"}`
  const restic = (locked: string) => `echo "$*" >&2
case "$*" in
snapshots*) echo '[${SNAPSHOT}]'; exit ;;
*--no-lock*) exit 0 ;;
esac
${locked}`
  const times = (text: string) => text.match(/^restore aaaaaaaa --target/gm)?.length

  test('is waited for, and then read without', () => {
    const words = 'Fatal: unable to create lock in backend: repository is already locked exclusively by PID 7 on other'
    for (const code of [1, 11]) {
      const ran = runScript(restic(says(code, words)), LATEST)
      expect(ran.status, ran.stderr).toBe(0)
      expect(times(ran.stderr)).toBe(20)
      expect(ran.stderr).toMatch(/it is read without\nrestore aaaaaaaa --no-lock --target \/nowhere\n$/)
    }
  })

  test('that cannot be read without either is not the fault of the backup', () => {
    const words = 'Fatal: unable to create lock in backend: repository is already locked exclusively by PID 7 on other'
    const both = `case "$*" in snapshots*) echo '[${SNAPSHOT}]'; exit ;; *--no-lock*) exit 1 ;; esac\n${says(1, words)}`
    expect(runScript(both, LATEST)).toMatchObject({ status: 75, stderr: expect.stringContaining('has locked the') })
  })

  test('since it is read-only is read without at once', () => {
    const words = 'Fatal: unable to create lock in backend: Save: open /r/locks/12: read-only file system'
    const ran = runScript(restic(says(1, words)), LATEST)
    expect(ran.status, ran.stderr).toBe(0)
    expect(times(ran.stderr)).toBe(1)
  })

  test('another failure is one at once, and the list asks for no lock', () => {
    const ran = runScript(restic(says(1, 'Fatal: There were 1 errors')), LATEST)
    expect(ran.status).toBe(1)
    expect(times(ran.stderr)).toBe(1)
    expect(ran.stderr).toMatch(/^snapshots --no-lock --json[\s\S]*point aaaaaaaa could not be restored\n$/)
  })
})
