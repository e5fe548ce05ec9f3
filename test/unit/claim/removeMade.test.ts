import { expect, test } from 'vitest'
import { removeMade, restoreLabels } from '../../../src/claim/undoPlace.ts'
import { scriptedClient } from '../../support/scripted-client.ts'

test('only a volume of this very restore is removed, and not one that another made meanwhile by the same name', async () => {
  const volume = (name: string, job: string) => ({
    ...{ Name: name, Driver: 'local', Mountpoint: `/v/${name}`, CreatedAt: '2026-11-28T09:30:00Z', Options: null },
    Labels: restoreLabels('shop 20261128-020000', job),
  })
  const docker = await scriptedClient(
    { on: /^volume inspect/, stdout: JSON.stringify([volume('own', 'aa11'), volume('other', 'bb22')]) },
    { on: /^volume rm/ },
  )
  const undo = ['own', 'other'].map((name) => ({ into: 'new' as const, volume: name, before: '' }))
  expect(await removeMade(docker, undo, 'aa11')).toEqual([])
  const calls = await docker.scripted.calls()
  expect(calls.map((call) => JSON.stringify(call)).filter((call) => call.includes('"rm"'))).toHaveLength(1)
})
