/** Who is stopped before old data is put back: those of the journal, also under a new id; who else writes is named, and nobody of others is stopped. */
import { expect, test } from 'vitest'
import { stopWriters } from '../../../src/claim/stopWriters.ts'
import { idOf } from '../../support/containers.ts'
import { scriptedClient } from '../../support/scripted-client.ts'

const ENTRIES = [{ wave: 0, id: idOf('app of yesterday'), name: 'app' }]
const UNDO = [{ into: 'place', volume: 'data', before: 'data-before' }] as const

const raw = (name: string, status: string) => ({
  Id: idOf(name),
  Name: `/${name}`,
  Image: 'sha256:1',
  State: { Status: status, Running: status === 'running' },
  Config: { Labels: {} },
  HostConfig: {},
  Mounts: [{ Type: 'volume', Name: 'data', Source: '/x/data/_data', Destination: '/data', RW: true }],
})

async function stopped(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>) {
  const inspected = (states: Readonly<Record<string, string>>) =>
    JSON.stringify(Object.entries(states).map(([name, status]) => raw(name, status)))
  const docker = await scriptedClient(
    {
      on: /^ps/,
      stdout: Object.keys(before)
        .map((name) => `${idOf(name)} \n`)
        .join(''),
    },
    { on: /^container inspect/, stdout: inspected(before), times: 1 },
    { on: /^container inspect/, stdout: inspected(after) },
    { on: /^volume ls/, stdout: 'data\n' },
    {
      on: /^volume inspect/,
      stdout: JSON.stringify([
        { Name: 'data', Driver: 'local', Mountpoint: '/x/data/_data', CreatedAt: '', Labels: null },
      ]),
    },
    { on: /^stop/ },
  )
  const error = await stopWriters(docker, ENTRIES, UNDO).then(
    () => null,
    (thrown: Error) => thrown.message,
  )
  const stops = (await docker.scripted.calls())
    .filter(({ argv }) => argv[0] === 'stop')
    .map(({ argv }) => argv.slice(1))
  return { error, stops }
}

test('one of the journal that was made anew is stopped by its name', async () => {
  expect(await stopped({ app: 'running' }, { app: 'exited' })).toEqual({ error: null, stops: [[idOf('app')]] })
})

test('one that does not stop keeps the data as it is', async () => {
  const { error } = await stopped({ app: 'running' }, { app: 'running' })
  expect(error).toContain('app could write to it meanwhile, and runs: docker stop app')
})

test('another one that writes is named, and not stopped', async () => {
  const { error, stops } = await stopped({ app: 'exited', guest: 'running' }, { app: 'exited', guest: 'running' })
  expect(error).toContain('guest could write to it meanwhile')
  expect(stops).toEqual([])
})
