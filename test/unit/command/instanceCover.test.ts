/** Which names an instance covers, as far as its variables are known. */
import { expect, test } from 'vitest'
import { coverOf, hostCount, instancesOfHost } from '../../../src/command/instanceCover.ts'
import { loadConfig } from '../../../src/config/load.ts'

const load = (instances: readonly object[]) => loadConfig(JSON.stringify({ instances }), 'config.yml')
const variable = (name: string) => `$\{${name}}`
const set: Readonly<Record<string, string>> = { SET: 'x', HOW: 'all' }

function cover(keys: object) {
  const config = load([{ id: 'a', customImage: 'i', ...keys }])
  const [raw] = config.instances
  if (raw === undefined) throw new Error('no instance')
  const { source, names, except, hasUnknown } = coverOf(config, raw, (name) => set[name])
  return [
    source,
    ...names.volumes,
    ...names.databases.map((one) => `db ${one}`),
    ...except.map((one) => `-${one}`),
    hasUnknown,
  ]
}

test.each<[string, object, (string | boolean)[]]>([
  ['names', { targets: [{ volume: 'v' }, { db: 'd' }] }, ['targets', 'v', 'db d', false]],
  ['a variable that is set', { targets: [{ volume: `a-${variable('SET')}` }] }, ['targets', 'a-x', false]],
  ['a default', { targets: [{ db: variable('GONE:-d') }] }, ['targets', 'db d', false]],
  ['a variable that is not set', { targets: [{ volume: `${variable('GONE')}_data` }] }, ['targets', '*_data', false]],
  ['a variable alone', { targets: [{ volume: variable('GONE') }, { db: 'd' }] }, ['targets', 'db d', true]],
  ['nothing', { targets: [] }, ['targets', false]],
  ['labels', {}, ['labels', false]],
  ['everything', { discover: 'all', except: ['x*'] }, ['all', '-x*', false]],
  ['everything by a variable', { discover: variable('HOW') }, ['all', false]],
  ['except with variables', { discover: 'all', except: [variable('SET'), variable('GONE')] }, ['all', '-x', false]],
  [
    'names beside an unknown variable',
    { targets: [{ volume: 'v' }], env: { K: variable('GONE') } },
    ['targets', 'v', false],
  ],
])('%s', (_, keys, expected) => {
  expect(cover(keys)).toEqual(expected)
})

test('the instances of the hosts of those that were selected', () => {
  const { instances } = load([
    { id: 'a', customImage: 'i', runsOn: ['self-hosted', 'nas'] },
    { id: 'b', customImage: 'i', runsOn: 'pi' },
    { id: 'c', customImage: 'i', runsOn: ['NAS', 'self-hosted'] },
    { id: 'd', customImage: 'i' },
  ])
  const here = (...ids: string[]) =>
    instancesOfHost(
      instances,
      instances.filter(({ id }) => ids.includes(id)),
      null,
    ).map(({ id }) => id)
  expect(here('a')).toEqual(['a', 'c'])
  expect(here('d')).toEqual(['d'])
  expect(here('b', 'd')).toEqual(['b', 'd'])
  expect(instancesOfHost(instances, [], 'nas').map(({ id }) => id)).toEqual(['a', 'c'])
  expect(hostCount(instances)).toBe(3)
})
