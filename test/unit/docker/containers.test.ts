/** What is believed of answers that are lost, or that are only half there. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CreateCall, createCall } from '../../../src/docker/args.ts'
import { createContainer, inspectContainers, removeContainer } from '../../../src/docker/containers.ts'
import type { Docker } from '../../../src/docker/process.ts'
import { inspectVolumes } from '../../../src/docker/volumes.ts'
import { type Rule, scriptDocker } from '../../support/scripted-docker.ts'

const path = process.env.PATH ?? ''
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marina-docker-'))
  process.env.PATH = folder + delimiter + path
})
afterEach(async () => {
  process.env.PATH = path
  await rm(folder, { recursive: true })
})

async function docker(...rules: Rule[]): Promise<Docker & { calls(): Promise<string[]> }> {
  const scripted = await scriptDocker(folder, rules)
  return {
    env: { PATH: process.env.PATH ?? '' },
    redact: (text) => text,
    calls: async () => (await scripted.calls()).map(({ argv }) => argv.slice(0, 2).join(' ')),
  }
}

const EOF = 'error during connect: Get "http://x/json": EOF'
const container = (labels: Record<string, string>) =>
  JSON.stringify([{ Id: 'id-1', Name: '/a', Created: '', Image: '', Config: { Labels: labels }, State: {} }])
const described = (id: string, name: string) => ({ Id: id, Name: `/${name}`, Config: {}, State: {} })
const DB_ID = `db${'0'.repeat(62)}`
const call: CreateCall = createCall({
  name: 'a',
  image: 'i',
  labels: { job: '7', kind: 'backup' },
  mounts: [],
  env: {},
  entrypoint: null,
  command: [],
  user: null,
  network: null,
  memory: null,
  cpus: null,
  helper: false,
})

test('what could not be asked about beside what is missing is not called missing', async () => {
  const asked = await docker(
    { on: /^container/, code: 1, stdout: '[]', stderr: `Error: No such container: a\n${EOF}\n` },
    { on: /^volume/, code: 1, stdout: '[]', stderr: `${EOF}\nError: No such volume: b\n` },
  )
  await expect(inspectContainers(asked, ['a', 'b'])).rejects.toThrow(/containers could not be inspected: .*EOF/)
  await expect(inspectVolumes(asked, ['a', 'b'])).rejects.toThrow(/volumes could not be inspected: .*EOF/)
  const missing = await docker(
    { on: /^container/, code: 1, stdout: '[]', stderr: 'Error: No such container: a\nError: No such container: b\n' },
    { on: /^volume/, code: 1, stdout: '[]', stderr: 'Error: No such volume: a\n' },
  )
  expect(await inspectContainers(missing, ['a', 'b'])).toEqual([])
  expect(await inspectVolumes(missing, ['a'])).toEqual([])
})

test.each([
  ['a container whose id begins so', ['db'], [described(DB_ID, 'other')], []],
  ['the container of that name', ['db'], [described(DB_ID, 'db')], ['db']],
  ['the container of that id', [DB_ID], [described(DB_ID, 'other')], ['other']],
  ['the beginning of an id, twelve digits of it', [DB_ID.slice(0, 12)], [described(DB_ID, 'other')], []],
  ['one of two', ['db', 'web'], [described(DB_ID, 'other'), described('1'.repeat(64), 'web')], ['web']],
  ['a slash before the name', ['/db'], [described(DB_ID, 'db')], []],
])('what docker finds for a name must bear it: %s', async (_, names, answer, found) => {
  const asked = await docker({ on: /^container inspect/, stdout: JSON.stringify(answer) })
  expect((await inspectContainers(asked, names)).map(({ name }) => name)).toEqual(found)
})

test('a manager of a swarm says in words of its own that a volume is missing, and finds volumes by their ids', async () => {
  const missing = await docker({
    on: /^volume/,
    code: 1,
    stdout: JSON.stringify([{ Name: 'cluster-volume' }]),
    stderr: 'Error response from daemon: volume docs not found\n',
  })
  expect(await inspectVolumes(missing, ['docs', 'q3v'])).toEqual([])
})

test.each([
  ['get docs: error looking up volume plugin "nfs": plugin "nfs" not found'],
  ['get docs: context deadline exceeded'],
])('a volume whose driver does not answer is not called missing: %s', async (stderr) => {
  const asked = await docker({
    on: /^volume/,
    code: 1,
    stdout: '[]',
    stderr: `Error response from daemon: ${stderr}\n`,
  })
  await expect(inspectVolumes(asked, ['docs'])).rejects.toThrow(/volumes could not be inspected/)
})

test.each([
  ['ours, by all of its labels', container({ job: '7', kind: 'backup', more: 'of the image' }), 'created'],
  ["another run's", container({ job: '8', kind: 'backup' }), 'thrown'],
  ['nobody', '[]', 'thrown'],
])('a create whose client was killed: of that name is %s', async (_, found, expected) => {
  const created = createContainer(
    await docker(
      { on: /^create/, signal: 'SIGKILL' },
      {
        on: /^container inspect a/,
        stdout: found,
        ...(found === '[]' ? { code: 1, stderr: 'No such container: a' } : {}),
      },
    ),
    call,
    'a could not be created',
  )
  if (expected === 'created') expect(await created).toEqual({ kind: 'created', id: 'id-1' })
  else await expect(created).rejects.toThrow('a could not be created: the docker client was killed')
})

test('a create that the engine refused is not looked for', async () => {
  const refusing = await docker({ on: /^create/, code: 1, stderr: 'Error response from daemon: no space left' })
  await expect(createContainer(refusing, call, 'a could not be created')).rejects.toThrow(/no space left/)
  expect(await refusing.calls()).toEqual(['create --name'])
})

test('a removal that nobody answered is asked again; one that somebody else began is waited for', async () => {
  const unheard = await docker({ on: /^rm/, times: 1, signal: 'SIGKILL' }, { on: /^rm/ })
  await removeContainer(unheard, 'a')
  expect(await unheard.calls()).toEqual(['rm --force', 'rm --force'])

  await rm(join(folder, 'calls'), { recursive: true })
  const begun = await docker(
    { on: /^rm/, code: 1, stderr: 'Error response from daemon: removal of container a is already in progress' },
    { on: /^container/, times: 2, stdout: container({}) },
    { on: /^container/, code: 1, stdout: '[]', stderr: 'Error: No such container: a' },
  )
  await removeContainer(begun, 'a')
  expect(await begun.calls()).toEqual(['rm --force', 'container inspect', 'container inspect', 'container inspect'])
})
