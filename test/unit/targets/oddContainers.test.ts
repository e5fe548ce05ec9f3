/** A container that the engine describes oddly, among those that can be targets. */
import { expect, test } from 'vitest'
import { discover } from '../../../src/targets/discover.ts'
import { readInventory } from '../../../src/targets/inventory.ts'
import { resolveTargets } from '../../../src/targets/resolve.ts'
import { idOf } from '../../support/containers.ts'
import { scriptedClient } from '../../support/scripted-client.ts'
import type { Rule } from '../../support/scripted-docker.ts'

const { signal } = new AbortController()
const ID = idOf('odd')
const ODD = JSON.stringify([
  { Id: ID, Name: '/odd', State: { Status: 'running' }, Config: { Labels: {} }, Mounts: 'none' },
])
const VOLUME = JSON.stringify([{ Name: 'data', Driver: 'local', Mountpoint: '/v/data', Options: null }])
const RULES: readonly Rule[] = [
  { on: /^ps /, stdout: `${ID} \n` },
  { on: /^container inspect/, stdout: ODD },
  { on: /^volume inspect/, stdout: VOLUME },
  { on: /^volume ls/, stdout: 'data\n' },
  { on: /^image inspect/, stdout: '[]' },
]
const listedAs = (line: object): Rule => ({ on: /^ps .*--filter id=/, stdout: JSON.stringify(line) })
const instances = [{ id: 'a', discovers: true, names: [], stopAttached: false }]

test('without labels of ours it is left out with a warning', async () => {
  const docker = await scriptedClient(listedAs({ Names: 'odd', Labels: 'maintainer=me,x=y' }), ...RULES)
  const { warnings } = await discover(docker, await readInventory(docker, signal), instances, signal)
  expect(warnings).toEqual([expect.stringMatching(/^container odd is left out, as it has no labels .*\(Mounts:/)])
})

test.each<[string, object]>([
  ['with labels of ours', { Names: 'odd', Labels: 'x=y,dev.polarfox.marina.enabled=true' }],
  ['whose labels are not told', { Names: 'odd' }],
])('%s it is an error: it may be a target', async (_, line) => {
  const docker = await scriptedClient(listedAs(line), ...RULES)
  await expect(discover(docker, await readInventory(docker, signal), instances, signal)).rejects.toThrow(
    /^container odd may have labels for a backup, and/,
  )
})

test('its own target fails alone, and a volume that it has is backed up with a warning', async () => {
  const docker = await scriptedClient(listedAs({ Names: 'odd', Mounts: 'data' }), ...RULES)
  const warnings: string[] = []
  const engine = { version: '29', apiVersion: '1.50', hostName: 'nas', remapped: false, clockOffsetMs: 0 }
  const onOdd = async (message: string) => void warnings.push(message)
  const db = { kind: 'db' as const, container: 'odd', line: 3, dumpKind: null, dumpArgs: [], databases: null }
  const volume = { kind: 'volume' as const, name: 'data', line: 4, paths: ['/'], exclude: [], allowEmpty: false }
  const rest = { stopAttached: false, preHook: null, postHook: null, staging: null, hookTimeoutMs: 1 }
  const targets = [db, { ...volume, ...rest }] as unknown as Parameters<typeof resolveTargets>[1]
  const found = await resolveTargets({ docker, engine, hostName: 'nas', onOdd } as never, targets, { signal })
  expect(found).toMatchObject([
    { kind: 'unresolved', error: expect.stringMatching(/^database container "odd" cannot be backed up: the engine/) },
    { kind: 'volume', containers: [] },
  ])
  expect(warnings).toEqual([
    expect.stringMatching(/^the manifest does not name container odd, which has volume "data"/),
  ])
})
