/** What there is on a host, what no instance has of it, and the targets of `discover: all`. */
import { describe, expect, test } from 'vitest'
import { RESTORE_LABEL, VERSION_LABEL } from '../../../src/docker/labels.ts'
import type { Container, ContainerMount } from '../../../src/docker/parseContainer.ts'
import type { Volume } from '../../../src/docker/volumes.ts'
import { matchesName, NO_COVER, uncoveredData } from '../../../src/targets/coverage.ts'
import { allTargets } from '../../../src/targets/discoverAll.ts'
import { hostData } from '../../../src/targets/hostData.ts'
import { container, has, idOf, service, volume } from '../../support/containers.ts'

const NEVER = { 'dev.polarfox.marina.enabled': 'false' }
const PGDATA = '/var/lib/postgresql/data'
const at = (name: string, target: string): ContainerMount => ({ ...has(name), target })
const postgres = (name: string, data: readonly string[] = [], over: Partial<Container> = {}) =>
  container(name, { image: 'postgres:16', mounts: data.map((one) => at(one, PGDATA)), ...over })
const labelled = (name: string, labels: Record<string, string>): Volume => ({ ...volume(name), labels })

/** The names on a host: volumes, then databases as `name(volumes)`. */
function names(volumes: readonly Volume[], containers: readonly Container[], runner: readonly string[] = []) {
  const data = hostData({ volumes, containers }, runner)
  return [...data.volumes, ...data.databases.map((one) => `${one.name}(${one.volumes.join()})`)].join(' ')
}

describe('a host holds', () => {
  const v = volume
  test.each<[string, Volume[], Container[], string]>([
    ['named volumes, sorted', [v('b'), v('a')], [], 'a b'],
    ['no anonymous volume', [v(idOf('x')), labelled('y', { 'com.docker.volume.anonymous': '' })], [], ''],
    ['a volume whose name only begins like an id', [v(idOf('x').slice(1))], [], idOf('x').slice(1)],
    [
      'nothing of ours',
      [labelled('s', { [VERSION_LABEL]: '1' })],
      [postgres('p', [], { labels: { [VERSION_LABEL]: '1' } })],
      '',
    ],
    [
      'no copy that a restore made, until a container uses it, running or not',
      ['unused', 'used', 'stopped'].map((name) => labelled(name, { [RESTORE_LABEL]: 'shop 20261128-020000' })),
      [
        container('w', { mounts: [has('used')] }),
        container('x', { mounts: [has('stopped')], state: 'down' }),
        container('ours', { mounts: [has('unused')], labels: { [VERSION_LABEL]: '1' } }),
      ],
      'stopped used',
    ],
    [
      'no volume labelled false',
      [labelled('a', NEVER), labelled('b', { ...NEVER, 'dev.polarfox.marina.enabled': 'no' })],
      [],
      '',
    ],
    ['a volume labelled true', [labelled('a', { 'dev.polarfox.marina.enabled': 'true' })], [], 'a'],
    ['a database with its volume', [v('d'), v('e')], [postgres('p', ['d'])], 'd e p(d)'],
    ['a database that is down', [], [postgres('p', [], { state: 'down' })], 'p()'],
    ['no database labelled false, nor its data', [v('d'), v('e')], [postgres('p', ['d'], { labels: NEVER })], 'e'],
    [
      'no volumes that a container labelled false lists',
      [v('d'), v('e')],
      [container('w', { mounts: [has('d'), has('e')], labels: { ...NEVER, 'dev.polarfox.marina.volumes': 'd' } })],
      'e',
    ],
    [
      'volumes of an application labelled false',
      [v('d')],
      [container('w', { mounts: [has('d')], labels: NEVER })],
      'd',
    ],
    ['a database by its environment', [], [container('p', { environment: ['MYSQL_ROOT_PASSWORD'] })], 'p()'],
    ['a database by its command', [], [container('p', { command: ['/usr/bin/mongod'] })], 'p()'],
    ['no client of a database', [], [container('p', { environment: ['POSTGRES_PASSWORD', 'POSTGRES_HOST'] })], ''],
    ['no client by an address', [], [container('p', { environment: ['POSTGRES_PASSWORD', 'APP_DATABASE_URL'] })], ''],
    ['no exporter', [], [container('p', { image: 'x/postgres-exporter', environment: ['POSTGRES_PASSWORD'] })], ''],
    ['no data elsewhere', [v('d')], [postgres('p', [], { mounts: [at('d', '/backups')] })], 'd p()'],
    ['data of a path with a slash', [v('d')], [postgres('p', [], { mounts: [at('d', `${PGDATA}/`)] })], 'd p(d)'],
    [
      'data where the environment tells the kind',
      [v('d')],
      [container('p', { environment: ['POSTGRES_DB'], mounts: [at('d', PGDATA)] })],
      'd p(d)',
    ],
    ['no anonymous data', [], [postgres('p', [idOf('anonymous')])], 'p()'],
    [
      'no container of compose run',
      [],
      [service('db', '', { image: 'postgres:16', labels: { 'com.docker.compose.oneoff': 'True' } })],
      '',
    ],
    [
      'a task of swarm by its service',
      [],
      [
        postgres('shop_db.1.abc', [], {
          labels: { 'com.docker.swarm.service.name': 'shop_db', 'com.docker.swarm.task.id': 'abc' },
        }),
      ],
      'shop_db()',
    ],
  ])('%s', (_, volumes, containers, expected) => {
    expect(names(volumes, containers)).toBe(expected)
  })

  test("nothing of the runner's container", () => {
    const runner = postgres('runner', ['work'])
    expect(names([volume('work'), volume('a')], [runner], [runner.id])).toBe('a')
  })
})

test.each`
  pattern      | name             | matches
  ${'a'}       | ${'a'}           | ${true}
  ${'a'}       | ${'ab'}          | ${false}
  ${'a.c'}     | ${'abc'}         | ${false}
  ${'*-cache'} | ${'web-cache'}   | ${true}
  ${'*-cache'} | ${'web-cache-2'} | ${false}
  ${'a*c*e'}   | ${'abcde'}       | ${true}
  ${'*'}       | ${'x'}           | ${true}
  ${'A'}       | ${'a'}           | ${false}
`('$pattern on $name', ({ pattern, name, matches }) => {
  expect(matchesName(pattern, name)).toBe(matches)
})

describe('in no instance is', () => {
  const data = hostData(
    {
      volumes: ['a', 'b', 'd', 'e'].map((name) => volume(name)),
      containers: [
        postgres('p', ['d']),
        postgres('q', ['e']),
        postgres('old', ['e'], { state: 'down' }),
        postgres('r'),
      ],
    },
    [],
  )
  test.each<[string, string[], string[], string]>([
    ['everything', [], [], 'a b d e | old p q r'],
    ['what is not named', ['a'], [], 'b d e | old p q r'],
    ['no data of a dumped database', [], ['p'], 'a b e | old q r'],
    ['no database whose data is a target', ['d'], [], 'a b e | old q r'],
    ['no other container on dumped data', [], ['q'], 'a b d | p r'],
    ['no database that is named by its id', [], [idOf('r')], 'a b d e | old p q'],
    ['nothing that fits a name with variables', ['*'], ['*'], ' | '],
    ['a database that only bears the name of a volume target', ['r'], [], 'a b d e | old p q r'],
  ])('%s', (_, volumes, databases, expected) => {
    const left = uncoveredData(data, { volumes, databases })
    expect(`${left.volumes.join(' ')} | ${left.databases.map(({ name }) => name).join(' ')}`).toBe(expected)
  })
})

describe('discover: all takes', () => {
  const containers = [
    postgres('p', ['d']),
    postgres('old', ['e'], { state: 'down' }),
    postgres('bare', [], { state: 'down' }),
  ]
  const data = hostData({ volumes: ['a', 'd', 'e'].map((name) => volume(name)), containers }, [])
  const taken = (over: Partial<Parameters<typeof allTargets>[1]>) => {
    const found = allTargets(data, { others: NO_COVER, except: [], stopAttached: false, held: [], ...over })
    const target = found.targets.map((one) => (one.kind === 'volume' ? one.name : `db ${one.container}`))
    return { targets: target.join(), remarks: found.remarks }
  }

  test('dumps in place of their data, and the data of a database that is down', () => {
    expect(taken({})).toEqual({
      targets: 'a,e,db bare,db p',
      remarks: [
        'volume d is left out: it holds the data of database p, which is dumped',
        'database old is not running, so that it is not dumped: its data is backed up as volume e',
      ],
    })
  })

  test.each<[string, Partial<Parameters<typeof allTargets>[1]>, string]>([
    ['what other instances do not have', { others: { volumes: ['a'], databases: ['p'] } }, 'e,db bare'],
    ['no database whose data another instance has', { others: { volumes: ['d', 'e'], databases: [] } }, 'a,db bare'],
    ['nothing that except names', { except: ['a', 'b*'] }, 'e,db p'],
    ['the data of a database that except names', { except: ['p'] }, 'a,d,e,db bare'],
    ['the dump without the volume that except names', { except: ['d'] }, 'a,e,db bare,db p'],
    ['a database that another run has stopped', { held: [idOf('old')] }, 'a,db bare,db old,db p'],
    ['nothing, if everything is elsewhere', { others: { volumes: ['*'], databases: ['*'] } }, ''],
  ])('%s', (_, over, targets) => {
    expect(taken(over).targets).toBe(targets)
  })

  test('no copy that a restore made, and says so', () => {
    const volumes = [
      labelled('a-before-1', { [RESTORE_LABEL]: 'x 1' }),
      labelled('b-before-1', { [RESTORE_LABEL]: 'x 1' }),
    ]
    const request = { others: NO_COVER, except: ['b-*'], stopAttached: false, held: [] }
    expect(allTargets(hostData({ volumes, containers: [] }, []), request)).toEqual({
      targets: [],
      remarks: [
        'volume a-before-1 is left out: a restore made it, and no container uses it. Remove it when you are done: docker volume rm a-before-1',
      ],
    })
  })

  test('volumes as the instance says, and empty ones too', () => {
    const found = allTargets(data, { others: NO_COVER, except: [], stopAttached: true, held: [] })
    expect(found.targets[0]).toMatchObject({ name: 'a', stopAttached: true, allowEmpty: true, paths: [], line: null })
  })
})
