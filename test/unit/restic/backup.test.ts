/** The script of `repository` with a restic that answers as it is told: what is called, in which order, and what people read when it fails. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { RESTIC_BACKUP } from '../../../src/restic/scripts.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A restic that notes its arguments, and answers by shell text for its command: `$n` is how often that command was called. */
const FAKE = `#!/bin/sh
printf '%s\\n' "$*" >>"$FAKE/calls"
printf x >>"$FAKE/count-$1"; n=$(wc -c <"$FAKE/count-$1"); n=$((n))
[ ! -f "$FAKE/does-$1" ] || . "$FAKE/does-$1"
`
const SUMMARY =
  '{"message_type":"summary","files_new":1,"files_changed":2,"files_unmodified":3,"dirs_new":0,"data_added":512,"data_added_packed":300,"total_files_processed":6,"total_bytes_processed":4096,"total_duration":0.2,"snapshot_id":"abcdef0123456789"}'
const snapshot = (id: string, tags: readonly string[], time = '2001-02-03T04:05:06.7Z') =>
  `{"time":"${time}","tree":"ff","paths":["/backup"],"hostname":"nas","tags":${JSON.stringify(tags)},"summary":{"backup_start":"${time}","files_new":1},"id":"${id}ffffffff","short_id":"${id}"}`
const GOOD = { snapshots: `echo '[]'`, backup: `echo '${SUMMARY}'` }
const lines = (...texts: readonly string[]) => texts.map((text) => `echo '${text}' >&2`).join('\n')

// as restic 0.14 and 0.18 write it
const LOCKED = lines(
  'repo already locked, waiting up to 0s for the lock',
  'unable to create lock in backend: repository is already locked by PID 7 on other by root',
  'storage ID 12',
)

function runScript(
  does: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  [shell, ...args]: readonly [string, ...string[]] = ['sh'],
) {
  const folder = mkdtempSync(join(tmpdir(), 'restic-script-'))
  folders.push(folder)
  const program = (name: string, text: string) => writeFileSync(join(folder, 'bin', name), text, { mode: 0o755 })
  mkdirSync(join(folder, 'bin'))
  program('restic', FAKE)
  // a minute passes with each look at the clock, and no time in sleep
  program(
    'date',
    `#!/bin/sh\n[ "$1" = +%s ] || PATH=$REAL_PATH exec date "$@"\nprintf x >>"$FAKE/clock"; echo $(($(wc -c <"$FAKE/clock") * 60))\n`,
  )
  program('sleep', '#!/bin/sh\n')
  for (const [name, text] of Object.entries({ ...GOOD, ...does }))
    writeFileSync(join(folder, `does-${name}`), `${text}\n`)
  for (const path of ['volume/data', 'volume/more', 'db/pg'])
    mkdirSync(join(folder, 'backup', path), { recursive: true })
  const ran = spawnSync(shell, [...args, '-c', `echo $$ >"$FAKE/pid"\n${RESTIC_BACKUP}`], {
    env: {
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      REAL_PATH: process.env.PATH,
      FAKE: folder,
      TMPDIR: folder,
      MARINA_INSTANCE_ID: 'docs',
      MARINA_HOSTNAME: 'nas',
      MARINA_BACKUP_DIR: join(folder, 'backup'),
      MARINA_RETENTION: '7d:4w:6m',
      MARINA_RESULT: join(folder, 'result.json'),
      ...env,
    },
    encoding: 'utf8',
    timeout: 60_000,
  })
  const read = (name: string) => {
    try {
      return readFileSync(join(folder, name), 'utf8')
    } catch {
      return ''
    }
  }
  const calls = read('calls').trim().split('\n')
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr, calls, result: read('result.json') }
}

const LIST = 'snapshots --json --host nas --tag instance:docs --tag partial:docs'
const TAGS = '--tag volume:data --tag volume:more --tag db:pg'
const FORGET =
  'forget --host nas --tag instance:docs --group-by host --keep-daily 7 --keep-weekly 4 --keep-monthly 6 --prune'
const CHECK = expect.stringMatching(/^check --with-cache --read-data-subset=\d+\/100$/)

describe('what is called', () => {
  test('in an empty repository', () => {
    const ran = runScript({})
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.calls).toEqual([LIST, `backup --json --host nas --tag instance:docs ${TAGS} .`, FORGET, CHECK])
    expect(JSON.parse(ran.result)).toEqual({
      bytes: 4096,
      files: 6,
      added_bytes: 512,
      snapshot: 'abcdef01',
      text: '',
      metrics: { files_new: 1, files_changed: 2, files_unmodified: 3 },
    })
  })

  test('the newest snapshot is the parent, and on the day of that one nothing is checked again', () => {
    const today = new Date().toISOString()
    const list = [snapshot('aaaaaaaa', ['instance:docs']), snapshot('bbbbbbbb', ['instance:docs'], today)]
    const { calls, code } = runScript({ snapshots: `echo '[${list.join(',')}]'` })
    expect(code).toBe(0)
    expect(calls[1]).toBe(`backup --json --host nas --tag instance:docs ${TAGS} --parent bbbbbbbb .`)
    expect(calls.slice(2)).toEqual([FORGET])
  })

  test('a backup that lacks a target has a tag of its own and removes nothing', () => {
    const { calls, code } = runScript({}, { MARINA_PARTIAL: '1', MARINA_FAILED_TARGETS: 'db' })
    expect(code).toBe(0)
    expect(calls.slice(1)).toEqual([`backup --json --host nas --tag partial:docs ${TAGS} .`, CHECK])
  })

  test('after a whole one, those that lacked something are removed by the same rule, apart', () => {
    const list = [snapshot('aaaaaaaa', ['partial:docs', 'volume:data'])]
    const { calls } = runScript({ snapshots: `echo '[${list.join(',')}]'` })
    expect(calls.slice(2)).toEqual([FORGET, FORGET.replace('instance:docs', 'partial:docs'), CHECK])
  })

  test.each([
    ['7d:4w:6m', '--keep-daily 7 --keep-weekly 4 --keep-monthly 6'],
    ['24h', '--keep-hourly 24'],
    ['2y', '--keep-yearly 2'],
    ['24h:7d:4w:12m:5y', '--keep-hourly 24 --keep-daily 7 --keep-weekly 4 --keep-monthly 12 --keep-yearly 5'],
    ['6m:7d', '--keep-monthly 6 --keep-daily 7'],
    ['7:4:6', '--keep-daily 7 --keep-weekly 4 --keep-monthly 6'],
    ['7::6', '--keep-daily 7 --keep-monthly 6'],
    [':4', '--keep-weekly 4'],
    ['7', '--keep-daily 7'],
    ['7d::6m:', '--keep-daily 7 --keep-monthly 6'],
    ['0d:4w', '--keep-weekly 4'],
    ['08d', '--keep-daily 8'],
    ['999999d', '--keep-daily 999999'],
  ])('retention %s', (retention, options) => {
    const { calls } = runScript({}, { MARINA_RETENTION: retention })
    expect(calls[2]).toBe(`forget --host nas --tag instance:docs --group-by host ${options} --prune`)
  })
})

describe('a repository is created where there is none, and only there', () => {
  const OLD = 'Is there a repository at the following location?\ns3:http://h/bucket/404/does not exist'
  test.each([
    ['10', 'Fatal: repository does not exist: unable to open config file: stat /r/config: no such file or directory'],
    ['10', '{"message_type":"exit_error","code":10,"message":"Fatal: repository does not exist: …"}'],
    ['1', 'Fatal: unable to open config file: stat /r/config: no such file or directory'],
    ['1', 'Fatal: unable to open config file: <config/> does not exist'],
    ['1', 'Fatal: unable to open config file: Stat: The specified key does not exist.'],
    ['1', 'Fatal: unable to open config file: file does not exist'],
    ['1', 'Fatal: unable to open config file: Object Not Found'],
  ])('code %s, %s', (code, text) => {
    const ran = runScript({ snapshots: `${lines(text, OLD)}\nexit ${code}` })
    expect(ran, ran.stderr).toMatchObject({ code: 0, stderr: '' })
    expect(ran.calls[1]).toBe('init')
    expect(JSON.parse(ran.result).text).toBe('a new repository was created')
  })

  test.each([
    ['12', 'Fatal: wrong password or no key found', /the password does not open the repository/],
    ['1', 'Fatal: wrong password or no key found', /the password does not open the repository/],
    ['1', 'Fatal: an empty password is not a password', /restic has no password: set env.RESTIC_PASSWORD/],
    [
      '1',
      'Fatal: unable to open config file: client.Head: dial tcp: connect: connection refused',
      /connection refused/,
    ],
    ['1', 'Fatal: unable to open config file: client.Head: dial tcp: lookup x: no such host', /no such host/],
    ['1', 'Fatal: unable to open config file: unexpected HTTP response (403): 403 Forbidden', /403 Forbidden/],
    ['1', 'Fatal: unable to open config file: Stat: 403 Forbidden', /403 Forbidden/],
    [
      '1',
      'Fatal: unable to open config file: client.GetObject: The specified bucket does not exist',
      /bucket does not exist/,
    ],
    [
      '1',
      'Fatal: unable to open repository at sftp:u@h:/x: unable to start the sftp session: exec: "ssh": executable file not found in $PATH',
      /ssh/,
    ],
    ['1', 'Fatal: unable to open config file: stat /r/config: permission denied', /permission denied/],
    ['1', 'Fatal: unable to open config file: context deadline exceeded', /deadline exceeded/],
    ['1', 'Fatal: config or key 01 is damaged: ciphertext verification failed', /damaged/],
    ['1', 'something else went wrong', /something else went wrong, restic ended with code 1: nothing was stored/],
    [
      '1',
      'write /r/locks/aa-tmp-1: no space left on device',
      /no space left on device \(the disk of the repository is full: make room there/,
    ],
    [
      '1',
      'Fatal: unable to save snapshot: write /tmp/restic-temp-pack-1: no space left on device',
      /^unable to save snapshot: .*\(the disk of the Docker host is full\)/,
    ],
    [
      '1',
      'Fatal: unable to save snapshot: server response unexpected: 413 Request Entity Too Large (413)',
      /its quota is used up/,
    ],
    ['1', 'Fatal: unable to open config file: Head "http://h/404/config": unexpected HTTP response (503)', /503/],
    ['2', 'fatal error: out of memory', /restic ended with code 2/],
  ])('not for code %s, %s', (code, text, words) => {
    const ran = runScript({ snapshots: `${lines(text, OLD)}\nexit ${code}` })
    expect(ran.code).not.toBe(0)
    expect(ran.calls).toEqual([LIST])
    expect(ran.stderr.trim().split('\n').at(-1)).toMatch(words)
    expect(ran.stderr).toContain(text)
  })

  test('one that cannot be created is told', () => {
    const ran = runScript({
      snapshots: 'exit 10',
      init: `${lines('Fatal: create repository failed: no space left on device')}\nexit 1`,
    })
    expect(ran).toMatchObject({ code: 1, calls: [LIST, 'init'] })
    expect(ran.stderr).toMatch(
      /no space left on device \(the disk of the repository is full: .*\): the repository could not be created\n$/,
    )
  })
})

describe('a backup that is not whole', () => {
  test('files that cannot be read fail it; its snapshot loses the tag of whole ones, and nothing is removed', () => {
    const error =
      '{"message_type":"error","error":{"message":"open: permission denied"},"during":"archival","item":"/backup/volume/data/secret"}'
    const renamed = snapshot('99999999', ['partial:docs'])
    const ran = runScript({
      backup: `echo '${error}'\necho '${SUMMARY}'\nexit 3`,
      snapshots: `[ $n -gt 1 ] && echo '[${renamed}]' || echo '[]'`,
      tag: `[ $n -gt 2 ] || { ${LOCKED}\nexit 11; }`, // restic gives the snapshot another id
    })
    expect(ran.code).toBe(3)
    expect(ran.calls.at(-2)).toBe('tag --remove instance:docs --add partial:docs abcdef01')
    expect(ran.calls.at(-1)).toBe('snapshots --json --host nas --tag partial:docs')
    expect(ran.stderr).toContain('cannot be read: /backup/volume/data/secret (open: permission denied)\n')
    expect(ran.stderr.trim().split('\n').at(-1)).toMatch(/^some files could not be read: snapshot 99999999 lacks them/)
    expect(JSON.parse(ran.result).snapshot).toBe('99999999')
    expect(JSON.parse(ran.result).text).toBe('some files could not be read')
  })

  test.each([
    [
      '1',
      'Fatal: unable to save snapshot: no space left on device',
      'unable to save snapshot: no space left on device (the disk of the repository is full: make room there, or let `retention` keep less): nothing was stored',
    ],
    ['1', '{"message_type":"exit_error","code":1,"message":"Fatal: a \\"b\\"\\nmore"}', 'a "b": nothing was stored'],
    [
      '1',
      'Fatal: unable to save snapshot: Write: sftp: "Failure" (SSH_FX_FAILURE)',
      'unable to save snapshot: Write: sftp: "Failure" (SSH_FX_FAILURE) (SFTP does not say why: is the disk there full?): nothing was stored',
    ],
    [
      '1',
      'error while unlocking: Delete "http://h/": connection refusedFatal: unable to save snapshot: Post "http://h/": no route to host',
      'unable to save snapshot: Post "http://h/": no route to host: nothing was stored',
    ],
    ['130', '', 'restic ended with code 130: nothing was stored'],
    ['137', '', 'restic ended with code 137: nothing was stored'],
  ])('code %s of restic backup', (code, text, words) => {
    const ran = runScript({ backup: `printf '%s\\n' '${text}' >&2\nexit ${code}` })
    expect(ran).toMatchObject({ code: Number(code), result: '' })
    expect(ran.calls).toHaveLength(2)
    expect(ran.stderr.trim().split('\n').at(-1)).toBe(words)
  })

  test.each([
    ['no summary', 'true'],
    ['a summary without a snapshot', `echo '${SUMMARY.replace(/,"snapshot_id":"\w+"/, '')}'`],
  ])('%s is a failure although restic said 0', (_, backup) => {
    const ran = runScript({ backup })
    expect(ran).toMatchObject({ code: 1, result: '' })
    expect(ran.calls).toHaveLength(2)
    expect(ran.stderr).toMatch(/names no snapshot/)
  })

  test('old snapshots that cannot be removed fail it, and it says that the new one is stored', () => {
    const ran = runScript({ forget: `${lines('Fatal: unable to remove: 403 Forbidden')}\nexit 1` })
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(/403 Forbidden: snapshot abcdef01 is stored, but old ones could not be removed\n$/)
    expect(JSON.parse(ran.result).snapshot).toBe('abcdef01')
  })

  test('a repository that is damaged fails it', () => {
    const ran = runScript({
      check: `echo 'pack 12 does not match its checksum'\n${lines('Fatal: repository contains errors')}\nexit 1`,
    })
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(
      /pack 12 does not match[\s\S]*repository contains errors: snapshot abcdef01 is stored, but restic's check found/,
    )
    expect(ran.calls).toContainEqual(expect.stringMatching(/^tag --add unsound:\d+ abcdef01$/))
  })

  test('a part that was not sound is read again on the same day, and its mark goes when it is sound', () => {
    const list = [snapshot('aaaaaaaa', ['instance:docs', 'unsound:17'], new Date().toISOString())]
    const snapshots = `echo '[${list.join(',')}]'`
    const bad = runScript({ snapshots, check: `${lines('Fatal: repository contains errors')}\nexit 1` })
    expect(bad.code).toBe(1)
    expect(bad.calls).toContain('check --with-cache --read-data-subset=17/100')
    expect(bad.calls).toContain('tag --add unsound:17 abcdef01')
    const good = runScript({ snapshots })
    expect(good.code).toBe(0)
    expect(good.calls.at(-1)).toBe('tag --tag unsound:17 --remove unsound:17')
  })
})

describe('a locked repository', () => {
  test('a lock of our own host name is left alone: restic would take its process for dead', () => {
    const text = `Fatal: unable to create lock in backend: repository is already locked by PID 7 on ${hostname()} by root`
    const ran = runScript({ snapshots: `[ $n -gt 3 ] && { echo '[]'; return; }\n${lines(text)}\nexit 11` })
    expect(ran.code).toBe(0)
    expect(ran.calls).not.toContain('unlock')
  })

  test.each([
    ['the list, by code', 'snapshots', `[ $n -gt 3 ] && { echo '[]'; return; }\n${LOCKED}\nexit 11`],
    ['the list, by words', 'snapshots', `[ $n -gt 3 ] && { echo '[]'; return; }\n${LOCKED}\nexit 1`],
    ['the backup', 'backup', `[ $n -gt 3 ] && { echo '${SUMMARY}'; return; }\n${LOCKED}\nexit 1`],
    ['the removal', 'forget', `[ $n -gt 3 ] && return\n${LOCKED}\nexit 11`],
    ['the check', 'check', `[ $n -gt 3 ] && return\n${LOCKED}\nexit 11`],
  ])('%s waits, and has stale locks removed', (_, command, text) => {
    const ran = runScript({ [command]: text })
    expect(ran.code, ran.stderr).toBe(0)
    const of = (name: string) => ran.calls.filter((call) => call.startsWith(name)).length
    expect([of(command), of('unlock')]).toEqual([4, 3])
    expect(ran.stderr.match(/the repository is locked: waiting/g)).toHaveLength(1)
    expect(ran.stderr.match(/PID 7 on other by root\nstorage ID 12\n/g), 'told once').toHaveLength(1)
    expect(ran.calls).not.toContainEqual(expect.stringContaining('--remove-all'))
  })

  test.each([
    ['snapshots', 'nothing was stored'],
    ['backup', 'nothing was stored'],
    ['forget', 'snapshot abcdef01 is stored, but old ones could not be removed'],
  ])('a live lock for ever fails %s after 35 minutes, in words', (command, words) => {
    const ran = runScript({ [command]: `${LOCKED}\nexit 1` })
    expect(ran.code).toBe(11)
    expect(ran.stderr).toContain('PID 7 on other')
    expect(ran.stderr).toMatch(new RegExp(`the repository is locked by another process.*: ${words}\n$`))
    expect(ran.calls.filter((call) => call === 'unlock').length).toBeGreaterThan(30)
  })

  test('a check that finds it locked for ever is left for another day', () => {
    const ran = runScript({ check: `${LOCKED}\nexit 11` })
    expect(ran.code).toBe(0)
    expect(ran.stdout).toContain('still locked: it is not checked today')
  })
})

test('a line of progress is for people, and what restic says while it tries again is shown', () => {
  const status =
    '{"message_type":"status","percent_done":0.42,"total_files":10,"files_done":4,"total_bytes":100,"bytes_done":42}'
  const ran = runScript({
    snapshots: `${lines('Head(<config/>) returned error, retrying after 1s: connection refused')}\necho '[]'`,
    backup: `echo '${status}'\n${lines('Save(<data/12>) failed: retrying')}\necho '${SUMMARY}'`,
  })
  expect(ran.stdout).toMatch(/^42 % .*\nsnapshot abcdef01: 1 new and 2 changed files, 512 bytes added/)
  expect(ran.stderr).toMatch(/^Head.*retrying after 1s.*\nSave.*failed: retrying\n$/)
})

describe('a stop of the container', () => {
  // it sends a signal to all processes of its group
  const ALONE = ['setsid', '-w', 'sh'] as const
  // Go hears the signal although a shell ignores it in the background
  const HEARS = `perl -e '$SIG{INT} = sub { exit 130 }; kill "TERM", \`cat $ENV{FAKE}/pid\`; sleep 20'\nexit $?`

  test.each([
    ['snapshots', 1, 'nothing was stored'],
    ['backup', 2, 'nothing was stored'],
    ['forget', 3, 'snapshot abcdef01 is stored, but old ones could not be removed'],
  ])('reaches restic %s, and nothing more is begun', (command, calls, words) => {
    const ran = runScript({ [command]: HEARS }, {}, ALONE)
    expect(ran.code).toBe(130)
    expect(ran.calls).toHaveLength(calls)
    expect(ran.stderr.trim().split('\n').at(-1)).toBe(`it was stopped: ${words}`)
  })

  test.each([
    ['snapshots', 1],
    ['backup', 2],
  ])('that finds restic %s at its end begins nothing more', (command, calls) => {
    const ends = `kill -TERM "$(cat "$FAKE/pid")"; until [ -e "$(echo "$TMPDIR"/tmp.*)/stopped" ]; do :; done`
    const ran = runScript({ [command]: `${ends}\n${GOOD[command as keyof typeof GOOD]}` }, {}, ALONE)
    expect(ran.code).toBe(130)
    expect(ran.calls).toHaveLength(calls)
  })

  test('ends the wait for a lock', () => {
    const ran = runScript({ forget: `[ $n -lt 2 ] || kill -TERM "$(cat "$FAKE/pid")"\n${LOCKED}\nexit 1` }, {}, ALONE)
    expect(ran.code).toBe(130)
    expect(ran.stderr).toMatch(/it was stopped: snapshot abcdef01 is stored/)
  })
})
