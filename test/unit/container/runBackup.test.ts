/** A backup container that is started and watched, with a `docker` that answers by a script. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runBackup } from '../../../src/container/runBackup.ts'
import { type Rule, scriptDocker } from '../../support/scripted-docker.ts'

const path = process.env.PATH ?? ''
const folders: string[] = []
const ID = 'c'.repeat(64)
const MOUNT = (options: string) =>
  `error while mounting volume '/v/x/_data': failed to mount local volume: mount //nas/s:/v/x/_data, data: ${options}: no such device`
const SECRET = 'username=u,password=hun: ter,2'

const inspected = (state: object, startedAt = '2026-11-27T00:00:00Z') =>
  JSON.stringify([
    {
      Id: ID,
      Name: '/marina-run-a',
      State: { Status: 'exited', StartedAt: startedAt, FinishedAt: startedAt, ExitCode: 0, Error: '', ...state },
      Config: { Image: 'img:1', Labels: {} },
    },
  ])

afterEach(async () => {
  process.env.PATH = path
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function backup(rules: readonly Rule[]) {
  const folder = await mkdtemp(join(tmpdir(), 'run-backup-'))
  folders.push(folder)
  const docker = await scriptDocker(folder, rules)
  process.env.PATH = docker.folder + delimiter + path
  let log = ''
  const end = runBackup({
    work: 'backup',
    docker: { env: { PATH: process.env.PATH }, redact: (text) => text },
    container: ID,
    image: 'img:1',
    memory: null,
    entrypoint: [],
    user: '',
    log: {
      rememberStderr: () => {},
      write: async (_, chunk) => {
        log += chunk.toString()
      },
    },
    signal: new AbortController().signal,
  })
  return { end: await end, log }
}

test('a share that is gone when the container starts is told without its password, in the log too', async () => {
  const { end, log } = await backup([
    {
      on: /^start /,
      stderr: `Error response from daemon: ${MOUNT(SECRET)}\nError: failed to start containers: ${ID}\n`,
      code: 1,
    },
    {
      on: /^container inspect/,
      stdout: inspected({ Status: 'created', Error: MOUNT(SECRET), ExitCode: 128 }, '0001-01-01T00:00:00Z'),
    },
    { on: /^cp /, stderr: `Error response from daemon: ${MOUNT(SECRET)}\n`, code: 1 },
  ])
  expect(end).toMatchObject({
    kind: 'failed',
    exitCode: null,
    error: `the backup container could not be started: ${MOUNT('***')}`,
  })
  expect(log).toBe(`Error response from daemon: ${MOUNT('***')}\nError: failed to start containers: ${ID}\n`)
})
