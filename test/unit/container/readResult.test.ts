/** The file in which an image tells of its backup, as docker gives it: read only if it is a small regular file, and without ever failing. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type Header, pack } from 'tar-stream'
import { afterEach, expect, test } from 'vitest'
import { readResult } from '../../../src/container/readResult.ts'
import { type Rule, scriptDocker } from '../../support/scripted-docker.ts'

const path = process.env.PATH ?? ''
const folders: string[] = []
const PLACE = '/backup/20261124-040506/result.json'

afterEach(async () => {
  process.env.PATH = path
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function read(rule: Partial<Rule>, more: { readonly signal?: AbortSignal; readonly deadlineMs?: number } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'read-result-'))
  folders.push(folder)
  const docker = await scriptDocker(folder, [{ on: /^cp /, ...rule }])
  process.env.PATH = docker.folder + delimiter + path
  const client = { env: { PATH: process.env.PATH }, redact: (text: string) => text }
  const told = await readResult({
    docker: client,
    container: 'c1',
    path: PLACE,
    signal: new AbortController().signal,
    ...more,
  })
  return { told, calls: (await docker.calls()).map(({ argv }) => argv.join(' ')) }
}

async function tar(entries: readonly (Partial<Header> & { readonly content?: string })[]): Promise<string> {
  const archive = pack()
  for (const { content, ...header } of entries) archive.entry({ name: 'result.json', ...header }, content ?? '')
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

test('a file is read, by one call that follows no link', async () => {
  const { told, calls } = await read({ stdout: await tar([{ content: '{"bytes":7}' }]) })
  expect(told).toEqual({ result: { bytes: 7 }, problems: [] })
  expect(calls).toEqual([`cp c1:${PLACE} -`])
})

test.each([
  'Error response from daemon: Could not find the file /backup/20261124-040506/result.json in container c1',
  'Error: No such file or directory',
])('no file, no word (%s)', async (stderr) => {
  expect((await read({ stderr, code: 1 })).told).toEqual({ result: null, problems: [] })
})

const ignored = (why: string) => ({
  result: null,
  problems: [`the image's result is left out: the file MARINA_RESULT ${why}`],
})

test.each<[string, Parameters<typeof tar>[0], string]>([
  [
    'a symbolic link',
    [{ type: 'symlink', linkname: '/etc/shadow' }],
    'is a symbolic link, which is not followed: write the file itself',
  ],
  ['a directory', [{ type: 'directory' }], 'is a directory'],
  [
    'a directory with files',
    [{ type: 'directory' }, { name: 'result.json/a' }, { name: 'result.json/b' }],
    'is a directory',
  ],
  ['a fifo', [{ type: 'fifo' }], 'is no regular file'],
  ['a device', [{ type: 'character-device' }], 'is no regular file'],
  ['one byte too many', [{ content: ' '.repeat(65_537) }], 'has 66 kB, and at most 66 kB are read'],
])('%s is left out', async (_, entries, why) => {
  expect((await read({ stdout: await tar(entries) })).told).toEqual(ignored(why))
})

test('the largest file that is read', async () => {
  const content = `{"bytes":7${' '.repeat(65_536 - 11)}}`
  expect((await read({ stdout: await tar([{ content }]) })).told.result).toEqual({ bytes: 7 })
})

test('a file of many gigabytes is not read: its header is enough', async () => {
  const endless = (await tar([{ content: '' }])).slice(0, 512)
  const header = Buffer.from(endless, 'latin1')
  header.write('77777777777\0', 124) // 8 GiB
  header.fill(' ', 148, 156)
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  const { told } = await read({ stdout: header.toString('latin1'), hangs: true })
  expect(told).toEqual(ignored('has 8.6 GB, and at most 66 kB are read'))
})

test('docker that cannot read it, or says nothing for ever, is a problem and no failure', async () => {
  const { told } = await read({ stderr: 'Error response from daemon: input/output error', code: 1 })
  expect(told).toEqual(ignored(`was not read: ${PLACE} could not be read in container c1: input/output error`))
  const { told: late } = await read({ hangs: true }, { deadlineMs: 300 })
  expect(late.problems[0]).toMatch(
    /^the image's result is left out: the file MARINA_RESULT was not read: .+ docker did not answer within \d+ s$/,
  )
})

test('a cancel ends the wait without a word', async () => {
  const cancel = new AbortController()
  const waits = read({ hangs: true }, { signal: cancel.signal })
  setTimeout(() => cancel.abort(), 300)
  expect((await waits).told).toEqual({ result: null, problems: [] })
})
