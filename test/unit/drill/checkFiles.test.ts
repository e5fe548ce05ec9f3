/** Checks of files, as the helper's shell looks at them. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WantedFile } from '../../../src/config/model.ts'
import { checkWanted } from '../../../src/drill/checkFiles.ts'

const MADE = Date.parse('2026-11-28T02:00:00Z')
const DRILLED = Date.parse('2026-11-28T04:00:00Z')
const HOUR = 3_600_000

let root = ''
beforeAll(() => {
  root = join(mkdtempSync(join(tmpdir(), 'check-')), 'volume')
  mkdirSync(join(root, 'folder'), { recursive: true })
  writeFileSync(join(root, '../secret'), 'outside')
  symlinkSync('../secret', join(root, 'leads-out'))
  symlinkSync('folder/odd name $(id) "x"', join(root, 'link'))
  symlinkSync('nowhere', join(root, 'dangling'))
  write('folder/odd name $(id) "x"', 'one\ntwo -e x\n', MADE - HOUR)
  write('-e', 'a dash', MADE - HOUR)
  write('binary', Buffer.from([0, 255, 10, 0]), MADE - 2 * HOUR)
})
afterAll(() => rmSync(join(root, '..'), { recursive: true }))

function write(name: string, content: string | Buffer, at: number): void {
  writeFileSync(join(root, name), content)
  utimesSync(join(root, name), at / 1000, at / 1000)
}

/** A helper whose shell is that of this machine. */
const helper = {
  async exec({ script = '', args = [], env = {} }: { script?: string; args?: readonly string[]; env?: object }) {
    const ran = spawnSync('sh', ['-c', script, 'sh', ...args], { env: { ...process.env, ...env }, encoding: 'utf8' })
    return { ended: { kind: 'exit', code: ran.status }, code: ran.status, stdout: ran.stdout, stderr: ran.stderr }
  },
}

async function look(wanted: Partial<WantedFile>) {
  const whole = {
    kind: 'file',
    volume: 'v',
    file: 'link',
    sha256: null,
    contains: null,
    canaryMs: null,
    line: 1,
  } as const
  return checkWanted(
    helper as never,
    { ...whole, ...wanted },
    {
      ...{ root, size: { files: 3, bytes: 9 }, madeAt: MADE, drilledAt: DRILLED, deadlineMs: 1000 },
      signal: new AbortController().signal,
    },
  )
}

const sum = (text: string) => createHash('sha256').update(text).digest('hex')

test.each<[string, Partial<WantedFile>, boolean, string]>([
  ['a file behind a link, with an odd name', {}, true, 'came back as it must be (13 bytes)'],
  ['one whose name begins with a dash', { file: '-e' }, true, 'came back'],
  ['one that is missing', { file: 'none' }, false, 'none of volume v did not come back'],
  ['a link to nowhere', { file: 'dangling' }, false, 'dangling of volume v is no file'],
  ['a link that leads out', { file: 'leads-out' }, false, 'leads out of the volume'],
  ['a folder', { file: 'folder' }, false, 'is no file'],
  ['the right hash', { sha256: sum('one\ntwo -e x\n') }, true, 'came back'],
  ['a wrong hash', { sha256: sum('x') }, false, `must have ${sum('x')}`],
  ['a text in it', { contains: 'two' }, true, 'came back'],
  ['a text that looks like an option', { contains: '-e x' }, true, 'came back'],
  ['a pattern is only a text', { contains: 't.o' }, false, 'does not contain the text'],
  ['another text', { contains: 'three' }, false, 'does not contain the text'],
  ['two things that are wrong', { contains: 'three', sha256: sum('x') }, false, ', and does not contain'],
])('%s', async (_, wanted, passed, words) => {
  const check = await look(wanted)
  expect(check).toMatchObject({ kind: 'file', target: 'v', passed, looked: true })
  expect(check.seen).toContain(words)
})

describe('a canary', () => {
  const at = (content: string, written = MADE - HOUR, canaryMs = 2 * HOUR) => {
    write('canary', content, written)
    return look({ file: 'canary', canaryMs })
  }

  test.each<[string, string, number, boolean, string]>([
    ['written in time', 'tick', MADE - HOUR, true, 'last written 1 h before the backup'],
    ['written while the backup ran', 'tick', MADE + HOUR, true, 'last written 0.0 s before the backup'],
    ['written too long ago', 'tick', MADE - 3 * HOUR, false, 'was last written 3 h before the backup'],
    ['of an image that keeps no times', 'tick', DRILLED + 5000, false, 'has the time of the restore'],
    ['restored in the very second', 'tick', DRILLED - 500, false, 'has the time of the restore'],
    ['says a time, whatever the file has', '2026-11-28T01:30:00Z\nmore', DRILLED + 5000, true, 'its time is 30 min'],
    ['says an old time, in a file just written', '2026-11-20T01:30:00Z', MADE, false, 'says a time 8 d'],
    ['says a time as date -Iseconds does', '2026-11-28T02:30:00+01:00\n', MADE, true, 'its time is 30 min'],
    ['says a zone of four digits', '2026-11-28 02:30:00.123456 +0100', MADE, true, 'its time is 30 min'],
    ['says a zone of two digits', '2026-11-28T02:30+01', MADE, true, 'its time is 30 min'],
    ['says the future', '2026-11-29T02:30:00Z', MADE, false, 'lies in the future'],
    ['says a time without a zone: the file counts', '2026-11-20T01:30:00', MADE, true, 'last written'],
    [
      'says a time among other words: the file counts',
      'until 2026-11-28T02:05:00Z',
      MADE - 3 * HOUR,
      false,
      'was last',
    ],
    ['says what is no day: the file counts', '2026-13-40T01:30:00Z', MADE, true, 'last written'],
  ])('%s', async (_, content, written, passed, words) => {
    const check = await at(content, written)
    expect(check.seen).toContain(words)
    expect(check.passed).toBe(passed)
  })

  test('an empty and a binary file have their own time', async () => {
    expect(await at('')).toMatchObject({ passed: true })
    expect(await look({ file: 'binary', canaryMs: HOUR })).toMatchObject({ passed: false })
    expect(await look({ file: 'binary', canaryMs: 2 * HOUR })).toMatchObject({ passed: true })
  })
})

test('files are counted, and a volume that did not come back fails', async () => {
  const options = { root, madeAt: MADE, drilledAt: DRILLED, deadlineMs: 1000, signal: new AbortController().signal }
  const files = (atLeast: number) => ({ kind: 'files', volume: 'v', atLeast, line: 1 }) as const
  const counted = { ...options, size: { files: 3, bytes: 9 } }
  expect(await checkWanted(helper as never, files(3), counted)).toMatchObject({ passed: true })
  expect(await checkWanted(helper as never, files(4), counted)).toMatchObject({
    passed: false,
    seen: 'volume v has 3 files, and must have 4 at least',
  })
  for (const lost of [
    { ...counted, root: null },
    { ...options, size: null },
  ])
    expect(await checkWanted(helper as never, files(1), lost)).toMatchObject({ passed: false })
})
