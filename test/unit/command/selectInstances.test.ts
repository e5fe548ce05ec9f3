import { describe, expect, test } from 'vitest'
import { leftToOthers, selectInstances } from '../../../src/command/selectInstances.ts'
import { InputError } from '../../../src/errors.ts'

type SelectRequest = Parameters<typeof selectInstances>[0]
type Known = SelectRequest['all'][number]
const known = (id: string, ...runsOn: readonly string[]) => ({ id, runsOn }) as unknown as Known
const one = [known('nightly'), known('by-hand')]
const fleet = [
  known('shop', 'self-hosted', 'NAS'),
  known('wiki', 'nas', 'Self-Hosted'),
  known('mail', 'self-hosted', 'linux', 'vps'),
]

const selected = (over: Partial<SelectRequest>) =>
  selectInstances({ all: one, ids: [], host: null, isForOneHost: true, ...over }).map(({ id }) => id)

describe('which instances a run may take', () => {
  test.each<readonly [string, Partial<SelectRequest>, readonly string[]]>([
    ['all', {}, ['nightly', 'by-hand']],
    ['those that are named', { ids: ['by-hand', 'by-hand'] }, ['by-hand']],
    ['in the order of the file', { ids: ['by-hand', 'nightly'] }, ['nightly', 'by-hand']],
    ['those of a host', { all: fleet, host: 'nas' }, ['shop', 'wiki']],
    ['whatever its case', { all: fleet, host: 'VPS' }, ['mail']],
    ['a label of it', { all: fleet, host: 'linux' }, ['mail']],
    ['those that are named, of a host', { all: fleet, host: 'nas', ids: ['wiki'] }, ['wiki']],
    ['not those of another host', { all: fleet, host: 'nas', ids: ['shop', 'mail'] }, ['shop']],
    ['none, where all that are named are of another host', { all: fleet, host: 'nas', ids: ['mail'] }, []],
    ['those that are named say which host', { all: fleet, ids: ['mail'] }, ['mail']],
    ['a plan is made for all hosts', { all: fleet, isForOneHost: false }, ['shop', 'wiki', 'mail']],
  ])('%s', (_, request, takes) => {
    expect(selected(request)).toEqual(takes)
  })

  test.each<readonly [string, Partial<SelectRequest>, string]>([
    [
      'an id that is not there',
      { ids: ['nightly', 'nihgtly', 'By-hand'] },
      'instances: nihgtly, By-hand are not in the configuration, which has nightly, by-hand: did you mean nightly, by-hand?',
    ],
    [
      'an id like none',
      { ids: ['weekly'] },
      'instances: weekly is not in the configuration, which has nightly, by-hand',
    ],
    [
      'a host that is not there',
      { all: fleet, host: 'nsa' },
      'host: nsa is no host of the configuration, which has nas, vps (from runsOn): did you mean nas?',
    ],
    [
      'several hosts, and none is named',
      { all: fleet },
      'the configuration has 2 hosts (nas, vps, from runsOn), and this job runs beside one: set the input host to its name, or instances to ids',
    ],
  ])('%s is an error', (_, request, message) => {
    expect(() => selected(request)).toThrow(InputError)
    expect(() => selected(request)).toThrow(message)
  })
})

test('what is left to other hosts is told once', () => {
  expect(leftToOthers(['shop', 'mail', 'mail'], fleet.slice(0, 2))).toEqual(['mail'])
  expect(leftToOthers([], fleet)).toEqual([])
})
