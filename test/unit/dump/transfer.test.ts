/** A dump between two ends, with a `docker` on the PATH that runs the tool's script here. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ExecResult } from '../../../src/docker/exec.ts'
import { ToolFailure } from '../../../src/dump/toolFailure.ts'
import { transfer } from '../../../src/dump/transfer.ts'
import { InstanceError } from '../../../src/errors.ts'

let folder: string
const path = process.env.PATH ?? ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transfer-'))
  await writeFile(join(folder, 'docker'), '#!/bin/sh\nwhile [ "$1" != sh ]; do shift; done\nexec "$@"\n')
  await chmod(join(folder, 'docker'), 0o755)
  process.env.PATH = folder + delimiter + path
})

afterAll(async () => {
  process.env.PATH = path
  await rm(folder, { recursive: true })
})

/** What comes of a tool's script, and of a receiver that ends so. */
async function failureOf(script: string, received: Partial<ExecResult>): Promise<unknown> {
  const ended = { kind: 'exit', code: 0 } as const
  const docker = { env: { PATH: process.env.PATH ?? '' }, redact: (text: string) => text }
  const exec = async ({ input }: { readonly input?: AsyncIterable<Buffer> }): Promise<ExecResult> => {
    if (received.code === 0) for await (const _ of input ?? []);
    return { code: 0, ended, silent: false, stdout: '', stderr: '', ...received }
  }
  const work = transfer(docker, { exec } as Parameters<typeof transfer>[1], {
    source: { container: 'c', script, onStderr: () => {} },
    file: '/backup/db/dump.sql',
    owner: '0:0',
    check: { pass: async (chunk) => chunk, end: async () => ({ rest: Buffer.alloc(0), missing: null }) },
    onBytes: () => {},
    deadline: Date.now() + 60_000,
    signal: new AbortController().signal,
  })
  return work.then(
    () => null,
    (error: unknown) => error,
  )
}

// only a tool's own words may be answered with what to write in dumpArgs
test('what the tool says is told from what the staging volume says', async () => {
  const words = 'password authentication failed for user "x"'
  const tool = await failureOf(`echo dump; echo '${words}' >&2; exit 1`, { code: 0 })
  expect(tool).toBeInstanceOf(ToolFailure)
  expect((tool as Error).message).toContain(words)
  const staging = await failureOf('echo dump; sleep 5', { code: 1, stderr: `${words}\n` })
  expect(staging).toBeInstanceOf(InstanceError)
  expect(staging).not.toBeInstanceOf(ToolFailure)
  expect((staging as Error).message).toMatch(/could not be written to the staging volume/)
})
