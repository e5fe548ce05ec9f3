import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commandError, reason } from '../../../src/docker/callResult.ts'
import { type Docker, query } from '../../../src/docker/process.ts'

let folder: string
let docker: Docker
const path = process.env.PATH ?? ''

/** A docker that does what its first argument says, in the shell's words. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docker-'))
  await writeFile(join(folder, 'docker'), '#!/bin/sh\neval "$1"\n')
  await chmod(join(folder, 'docker'), 0o755)
  process.env.PATH = folder + delimiter + path
  docker = { env: { PATH: process.env.PATH }, redact: (text) => text }
})

afterAll(async () => {
  process.env.PATH = path
  await rm(folder, { recursive: true })
})

// an error of the pipe that nobody catches fails the run of the tests, as it would end our process
test('a client that ends before it has read its input is judged by its exit code', async () => {
  const input = Buffer.alloc(4 << 20)
  const said = await query(docker, ['echo no such container >&2; exit 3'], { input })
  expect(said).toEqual({ ended: { kind: 'exit', code: 3 }, stdout: '', stderr: 'no such container\n' })
})

test('a client gets all of its input, and its end', async () => {
  const said = await query(docker, ['cat; echo end; echo "$VALUE"'], {
    input: Buffer.from('in\n'),
    env: { VALUE: 'v' },
  })
  expect(said).toEqual({ ended: { kind: 'exit', code: 0 }, stdout: 'in\nend\nv\n', stderr: '' })
})

test('many clients that end at once, without input, leave no error behind', async () => {
  const all = await Promise.all(Array.from({ length: 40 }, () => query(docker, ['exit 0'])))
  expect(all.every(({ ended }) => ended.kind === 'exit' && ended.code === 0)).toBe(true)
})

test('whoever quotes an engine shows no option of a mount', async () => {
  const words = (options: string) => `failed to mount local volume: mount //n/s:/v, data: ${options}: EIO`
  const argv = [`echo "${words('password=hunter, 2')}" >&2; exit 1`]
  const said = await query(docker, argv)
  expect(said.stderr).toBe(`${words('***')}\n`)
  expect(reason(said.ended, words('password=hunter, 2'))).toBe(words('***'))
  const output = { ...said, stderr: words('password=hunter, 2') }
  expect(commandError(docker, 'it is still there', output)).toMatchObject({
    message: `it is still there: ${words('***')}`,
    stderr: words('***'),
  })
})
