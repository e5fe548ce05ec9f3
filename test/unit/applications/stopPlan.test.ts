import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planStops, type StopPlan, type StopPlanInput } from '../../../src/applications/stopPlan.ts'
import type { Container } from '../../../src/docker/parseContainer.ts'
import { binds, container, has, idOf, service, volume } from '../../support/containers.ts'

function plan(containers: readonly Container[], over: Partial<StopPlanInput> = {}): StopPlan {
  const volumes = over.volumes ?? [volume('data')]
  return planStops({ volumes, hostVolumes: volumes, containers, self: [], ...over })
}

/** `app | db`: first the wave of `app`, then that of `db`; side by side with a comma. */
function stops(result: StopPlan): string {
  return result.groups
    .map((group) => group.stop.map((wave) => wave.map(({ container: c }) => c.name).join(',')).join(' | '))
    .join(' ; ')
}

function starts(result: StopPlan): string {
  return result.groups
    .map((group) => group.start.map((wave) => wave.map((c) => c.name).join(',')).join(' | '))
    .join(' ; ')
}

const MOUNTPOINT = '/var/lib/docker/volumes/data/_data'
const db = container('db', { mounts: [has('data')] })

describe('who can write to the volume is stopped', () => {
  test.each<[string, Container, string]>([
    ['has it mounted', db, 'db'],
    ['has it mounted read-only', container('db', { mounts: [has('data', false)] }), ''],
    ['has it mounted twice, once writable', container('db', { mounts: [has('data', false), has('data')] }), 'db'],
    ['has another volume', container('db', { mounts: [has('other')] }), ''],
    ['has one whose name begins the same', container('db', { mounts: [has('data2')] }), ''],
    ['binds its mount point', container('db', { mounts: [binds(MOUNTPOINT)] }), 'db'],
    ['binds it with a slash too many', container('db', { mounts: [binds(`${MOUNTPOINT}/`)] }), 'db'],
    ['binds it read-only', container('db', { mounts: [binds(MOUNTPOINT, false)] }), ''],
    ['binds a directory within', container('db', { mounts: [binds(`${MOUNTPOINT}/uploads`)] }), 'db'],
    ['binds a directory above', container('db', { mounts: [binds('/var/lib/docker/volumes')] }), 'db'],
    ['binds the whole host', container('db', { mounts: [binds('/')] }), 'db'],
    ['binds a neighbour', container('db', { mounts: [binds('/var/lib/docker/volumes/data/_data2')] }), ''],
    [
      'has a tmpfs',
      container('db', { mounts: [{ type: 'tmpfs', name: null, source: '', target: '/t', writable: true }] }),
      '',
    ],
    ['is not running', container('db', { mounts: [has('data')], state: 'down' }), ''],
    ['is paused', container('db', { mounts: [has('data')], state: 'paused' }), ''],
    ['starts over and over', container('db', { mounts: [has('data')], state: 'restarting' }), 'db'],
    ['is ours', container('db', { mounts: [has('data')], ours: true }), ''],
    [
      'has a label of Marina',
      container('db', { mounts: [has('data')], labels: { 'dev.polarfox.marina.enabled': '1' } }),
      'db',
    ],
  ])('one that %s', (_, candidate, expected) => {
    expect(stops(plan([candidate]))).toBe(expected)
    expect(starts(plan([candidate]))).toBe(expected)
  })

  const bound = (device: string) => ({ type: 'none', o: 'bind', device })
  const nfs = (device: string, addr?: string) => ({ type: 'nfs', o: addr ? `rw,addr=${addr}` : 'rw', device })
  test.each<[string, Record<string, string>, Record<string, string> | null, string]>([
    ['a second volume bound to the same directory', bound('/srv/data'), bound('/srv/data/'), 'app'],
    ['a second volume bound to a directory within', bound('/srv/data'), bound('/srv/data/uploads'), 'app'],
    ['a second volume bound to a directory above', bound('/srv/data'), bound('/srv'), 'app'],
    ['a second volume bound to a neighbour', bound('/srv/data'), bound('/srv/data2'), ''],
    ['a second volume bound to the mount point', {}, bound(MOUNTPOINT), 'app'],
    ['rbind among other options', { type: 'none', o: 'rw,rbind', device: '/srv/data' }, bound('/srv/data'), 'app'],
    ['the same export of the same server', nfs(':/export', '10.0.0.2'), nfs(':/export/a', '10.0.0.2'), 'app'],
    ['the same export, the server in the device', nfs('nas:/export'), nfs('nas:/export'), 'app'],
    ['the same export of another server', nfs(':/export', '10.0.0.2'), nfs(':/export', '10.0.0.3'), ''],
    ['the same disk', { type: 'ext4', device: '/dev/sdb1' }, { type: 'ext4', device: '/dev/sdb1' }, 'app'],
    ['another disk', { type: 'ext4', device: '/dev/sdb1' }, { type: 'ext4', device: '/dev/sdb11' }, ''],
    ['two tmpfs', { type: 'tmpfs', device: 'tmpfs' }, { type: 'tmpfs', device: 'tmpfs' }, ''],
    ['a volume that nobody lists', bound('/srv/data'), null, ''],
  ])('through another volume: %s', (_, options, other, expected) => {
    const data = volume('data', options)
    const hostVolumes = other === null ? [data] : [data, volume('second', other)]
    const app = container('app', { mounts: [has('second')] })
    expect(stops(plan([app], { volumes: [data], hostVolumes }))).toBe(expected)
  })

  test('a driver that names no mount point, or the root, meets nothing else', () => {
    const data = { ...volume('data', { device: '/srv', o: 'bind' }, 'cloud'), mountpoint: '/' }
    const app = container('app', { mounts: [binds('/srv/app')] })
    expect(stops(plan([app, db], { volumes: [data] }))).toBe('db')
    expect(stops(plan([app, db], { volumes: [{ ...data, mountpoint: '' }] }))).toBe('db')
  })

  test('the plan says why', () => {
    const web = service('web', 'db:service_started:false')
    const sql = service('db', '', { mounts: [binds('/var/lib/docker')] })
    const whys = plan([web, sql])
      .groups[0]?.stop.flat()
      .map(({ container: c, why }) => `${c.name} ${why}`)
    expect(whys).toEqual([
      'shop-web-1 depends on "shop-db-1" (compose)',
      'shop-db-1 binds /var/lib/docker, where volume "data" has its data',
    ])
  })
})

describe('who needs one that is stopped stops before it, and starts after it', () => {
  test.each<[string, readonly Container[], string, string]>([
    ['network, by id', [db, container('web', { networkMode: `container:${idOf('db')}` })], 'web | db', 'db | web'],
    ['network, by name', [db, container('web', { networkMode: 'container:db' })], 'web | db', 'db | web'],
    [
      'network, by short id',
      [db, container('web', { networkMode: `container:${idOf('db').slice(0, 12)}` })],
      'web | db',
      'db | web',
    ],
    ['processes', [db, container('web', { pidMode: 'container:db' })], 'web | db', 'db | web'],
    ['IPC', [db, container('web', { ipcMode: 'container:db' })], 'web | db', 'db | web'],
    ['link', [db, container('web', { links: ['db'] })], 'web | db', 'db | web'],
    ['own network', [db, container('web', { networkMode: 'shop_default' })], 'db', 'db'],
    [
      'one that needs a dependent',
      [db, container('web', { links: ['db'] }), container('proxy', { links: ['web'] })],
      'proxy | web | db',
      'db | web | proxy',
    ],
    [
      'two that need it',
      [db, container('web', { links: ['db'] }), container('cron', { links: ['db'] })],
      'cron,web | db',
      'db | cron,web',
    ],
    [
      'one at two depths',
      [db, container('web', { links: ['db'] }), container('proxy', { links: ['web', 'db'] })],
      'proxy | web | db',
      'db | web | proxy',
    ],
    ['a dependent that is not running', [db, container('web', { links: ['db'], state: 'down' })], 'db', 'db'],
    [
      'one behind a dependent that is not running',
      [db, container('web', { links: ['db'], state: 'down' }), container('proxy', { links: ['web'] })],
      'db',
      'db',
    ],
    ['a linked dependent that is paused', [db, container('web', { links: ['db'], state: 'paused' })], 'db', 'db'],
    [
      'what it needs itself goes on',
      [container('db', { mounts: [has('data')], links: ['dns'] }), container('dns')],
      'db',
      'db',
    ],
    ['both have the volume', [db, container('web', { mounts: [has('data')], links: ['db'] })], 'web | db', 'db | web'],
    ['both have it, none needs the other', [db, container('web', { mounts: [has('data')] })], 'db,web', 'db,web'],
    [
      'a circle of links',
      [container('db', { mounts: [has('data')], links: ['web'] }), container('web', { links: ['db'] })],
      'db,web',
      'db,web',
    ],
    [
      'a circle with more behind it',
      [
        container('db', { mounts: [has('data')], links: ['web'] }),
        container('web', { links: ['db'] }),
        container('proxy', { links: ['web'] }),
      ],
      'db,proxy | web',
      'db,web | proxy',
    ],
    [
      'a circle through a shared network',
      [container('db', { mounts: [has('data')], links: ['web'] }), container('web', { networkMode: 'container:db' })],
      'web | db',
      'db | web',
    ],
    ['a link to itself', [container('db', { mounts: [has('data')], links: ['db'] })], 'db', 'db'],
    [
      'a network of one that is gone',
      [container('db', { mounts: [has('data')], networkMode: 'container:gone' })],
      'db',
      'db',
    ],
  ])('%s', (_, containers, stop, start) => {
    expect([stops(plan(containers)), starts(plan(containers))]).toEqual([stop, start])
    expect([stops(plan([...containers].reverse())), starts(plan([...containers].reverse()))]).toEqual([stop, start])
  })

  const sql = service('db', '', { mounts: [has('data')] })
  test.each<[string, readonly Container[], string]>([
    ['with condition', [sql, service('web', 'db:service_started:false')], 'shop-web-1 | shop-db-1'],
    ['without condition', [sql, service('web', 'db')], 'shop-web-1 | shop-db-1'],
    [
      'among several',
      [sql, service('web', 'cache:service_started:false,db:service_healthy:true')],
      'shop-web-1 | shop-db-1',
    ],
    ['of another project', [sql, service('web', 'db:service_started:false', {}, 'blog')], 'shop-db-1'],
    ['on another service', [sql, service('web', 'db2:service_started:false')], 'shop-db-1'],
    [
      'on one of two replicas',
      [sql, service('web', 'db:service_started'), { ...sql, id: idOf('2'), name: 'shop-db-2', mounts: [] }],
      'shop-web-1 | shop-db-1',
    ],
    [
      'by a one-off',
      [sql, service('web', 'db:service_started', { labels: { 'com.docker.compose.oneoff': 'True' } })],
      'shop-web-1 | shop-db-1',
    ],
    [
      'on what was only run beside the service',
      [
        { ...sql, labels: { ...sql.labels, 'com.docker.compose.oneoff': 'True' } },
        service('web', 'db:service_started'),
      ],
      'shop-db-1',
    ],
  ])("compose's depends_on %s", (_, containers, expected) => {
    expect(stops(plan(containers))).toBe(expected)
  })

  test('one is waited for until it is healthy where compose says so and it has a check', () => {
    const healthCheck = { intervalMs: 1, timeoutMs: 1, retries: 1, startPeriodMs: 0, startIntervalMs: null }
    const first = (containers: readonly Container[]) => plan(containers).groups[0]?.start[0]?.[0]?.healthyFirst ?? false
    expect(first([{ ...sql, healthCheck }, service('web', 'db:service_healthy:false')])).toBe(true)
    expect(first([{ ...sql, healthCheck }, service('web', 'db:service_started:false')])).toBe(false)
    expect(first([sql, service('web', 'db:service_healthy:false')])).toBe(false)
  })

  test('what was wrong before is known at the start', () => {
    const sick = container('db', { mounts: [has('data')], health: { status: 'unhealthy', lastProbeAt: null } })
    const loop = container('web', { mounts: [has('data')], state: 'restarting' })
    expect(
      plan([sick, loop])
        .groups[0]?.start.flat()
        .map(({ name, before }) => [name, before]),
    ).toEqual([
      ['db', 'unhealthy'],
      ['web', 'restarting'],
    ])
  })

  test('a circle is said', () => {
    const circle = plan([
      container('db', { mounts: [has('data')], links: ['web'] }),
      container('web', { links: ['db'] }),
    ])
    expect(circle.warnings).toEqual([
      { target: 'data', message: expect.stringContaining('"db", "web" depend on each other in a circle') },
    ])
  })
})

describe('who must not be stopped', () => {
  const self = [idOf('runner')]
  const swarm = { labels: { 'com.docker.swarm.task.id': 't1' } }
  test.each<[string, readonly Container[], RegExp]>([
    [
      'auto-remove',
      [container('db', { mounts: [has('data')], autoRemove: true })],
      /container "db" has volume "data" mounted.*--rm/,
    ],
    [
      'a dependent with auto-remove',
      [db, container('web', { links: ['db'], autoRemove: true })],
      /container "web" is linked to "db".*--rm/,
    ],
    ['a swarm task', [container('db', { mounts: [has('data')], ...swarm })], /swarm/],
    [
      'a paused one in the network of one that stops',
      [db, container('web', { networkMode: 'container:db', state: 'paused' })],
      /"web", which is paused, shares the network of "db"/,
    ],
    [
      'a paused one among the processes of one that stops',
      [db, container('web', { pidMode: 'container:db', state: 'paused' })],
      /"web", which is paused, shares the process namespace/,
    ],
    [
      'the runner in the network of one that stops',
      [db, container('runner', { networkMode: 'container:db' })],
      /runner's own container "runner" shares the network of "db"/,
    ],
  ])('%s: the target is refused, nothing is stopped for it', (_, containers, error) => {
    const result = plan(containers, { self })
    expect(result.refused).toEqual([{ target: 'data', error: expect.stringMatching(error) }])
    expect(result.groups).toEqual([])
  })

  test.each<[string, readonly Container[], string]>([
    ['auto-remove, not running', [container('db', { mounts: [has('data')], autoRemove: true, state: 'down' })], ''],
    ['auto-remove, read-only', [container('db', { mounts: [has('data', false)], autoRemove: true })], ''],
    [
      'auto-remove, needed by one that stops',
      [container('db', { mounts: [has('data')], links: ['dns'] }), container('dns', { autoRemove: true })],
      'db',
    ],
    ['the runner linked to one that stops', [db, container('runner', { links: ['db'] })], 'db'],
    [
      'the runner has the volume, another needs the runner',
      [container('runner', { mounts: [has('data')] }), container('web', { links: ['runner'] })],
      '',
    ],
  ])('no reason to refuse: %s', (_, containers, expected) => {
    const result = plan(containers, { self })
    expect([result.refused, stops(result)]).toEqual([[], expected])
  })

  test("the runner's own container goes on, and a warning says so", () => {
    const result = plan([db, container('runner', { mounts: [has('data')] })], { self })
    expect(stops(result)).toBe('db')
    expect(result.warnings).toEqual([{ target: 'data', message: expect.stringContaining('own container "runner"') }])
  })

  test('one refused target leaves the others alone', () => {
    const rm = container('tmp', { mounts: [has('data')], links: ['other'], autoRemove: true })
    const other = container('other', { mounts: [has('more')] })
    const free = container('free', { mounts: [has('free')] })
    const result = plan([rm, other, free], { volumes: [volume('data'), volume('more'), volume('free')] })
    expect(result.refused.map(({ target }) => target)).toEqual(['data', 'more'])
    expect(result.groups.map(({ targets }) => targets)).toEqual([['free']])
  })

  test('paused and idle ones are named, to be watched', () => {
    const paused = container('paused', { mounts: [has('data')], state: 'paused' })
    const idle = container('idle', { mounts: [binds(MOUNTPOINT)], state: 'down' })
    const reader = container('reader', { mounts: [has('data', false)], state: 'down' })
    expect(plan([db, paused, idle, reader]).groups).toMatchObject([
      { paused: [{ name: 'paused' }], idle: [{ name: 'idle' }] },
    ])
  })
})

describe('targets whose containers meet form one group', () => {
  const [a, b, c] = [volume('a'), volume('b'), volume('c')]
  const one = (name: string, ...volumes: string[]) => container(name, { mounts: volumes.map((v) => has(v)) })
  test.each<[string, readonly Container[], readonly string[][]]>([
    ['three apart', [one('x', 'a'), one('y', 'b'), one('z', 'c')], [['a'], ['b'], ['c']]],
    ['one container has two', [one('x', 'a', 'c'), one('y', 'b')], [['a', 'c'], ['b']]],
    ['one needs the other', [one('x', 'a'), { ...one('y', 'b'), links: ['x'] }, one('z', 'c')], [['a', 'b'], ['c']]],
    [
      'both are needed by a third',
      [one('x', 'a'), one('y', 'b'), container('w', { links: ['x', 'y'] }), one('z', 'c')],
      [['a', 'b'], ['c']],
    ],
    [
      'both need a third, which goes on',
      [{ ...one('x', 'a'), links: ['w'] }, { ...one('y', 'b'), links: ['w'] }, container('w')],
      [['a'], ['b'], ['c']],
    ],
    ['joined by the last', [one('x', 'a'), one('y', 'b'), one('z', 'a', 'b', 'c')], [['a', 'b', 'c']]],
    [
      'a common container that is not running',
      [one('x', 'a'), one('y', 'b'), { ...one('z', 'a', 'b'), state: 'down' }],
      [['a'], ['b'], ['c']],
    ],
    ['nobody has any', [], [['a'], ['b'], ['c']]],
  ])('%s', (_, containers, expected) => {
    expect(plan(containers, { volumes: [a, b, c] }).groups.map(({ targets }) => targets)).toEqual(expected)
  })

  test('one group stops in one order across its targets', () => {
    const result = plan([one('x', 'a'), { ...one('y', 'b'), links: ['x'] }], { volumes: [a, b] })
    expect([stops(result), starts(result)]).toEqual(['y | x', 'x | y'])
  })
})

test('whatever containers say of each other, each of the stopped is stopped once, started once, and after what it needs', () => {
  const names = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6']
  const wild = fc.record({
    links: fc.subarray(names),
    net: fc.option(fc.constantFrom(...names), { nil: null }),
    mounted: fc.subarray(['a', 'b', 'c']),
    state: fc.constantFrom<Container['state']>('running', 'running', 'running', 'paused', 'restarting', 'down'),
  })
  fc.assert(
    fc.property(fc.array(wild, { maxLength: names.length }), (list) => {
      const containers = list.map((w, index) =>
        container(names[index] ?? '', {
          links: w.links,
          networkMode: w.net === null ? 'default' : `container:${w.net}`,
          mounts: w.mounted.map((v) => has(v)),
          state: w.state,
        }),
      )
      const result = plan(containers, { volumes: ['a', 'b', 'c'].map((name) => volume(name)) })
      const stopped = result.groups.flatMap((group) => group.stop.flat().map((s) => s.container.name))
      const started = result.groups.flatMap((group) => group.start.flat().map((s) => s.name))
      expect(new Set(stopped).size).toBe(stopped.length)
      expect([...started].sort()).toEqual([...stopped].sort())
      for (const c of containers.filter(({ name }) => stopped.includes(name))) {
        expect(['running', 'restarting']).toContain(c.state)
        const mutual = (name: string) => reaches(containers, name, c.name)
        for (const needed of c.links.filter((name) => stopped.includes(name) && !mutual(name))) {
          expect(wave(result, needed, 'start')).toBeLessThan(wave(result, c.name, 'start'))
          expect(wave(result, c.name, 'stop')).toBeLessThan(wave(result, needed, 'stop'))
        }
      }
      const targets = [
        ...result.groups.flatMap((group) => group.targets),
        ...result.refused.map(({ target }) => target),
      ]
      expect(targets.sort()).toEqual(['a', 'b', 'c'])
      for (const group of result.groups)
        for (const c of containers.filter((one) => one.state === 'running'))
          if (c.mounts.some((mount) => group.targets.includes(mount.name ?? ''))) expect(stopped).toContain(c.name)
    }),
  )
})

function reaches(containers: readonly Container[], from: string, to: string, seen = new Set<string>()): boolean {
  if (from === to) return true
  if (seen.has(from)) return false
  seen.add(from)
  const c = containers.find(({ name }) => name === from)
  const next = [...(c?.links ?? []), ...(c?.networkMode.startsWith('container:') ? [c.networkMode.slice(10)] : [])]
  return next.some((name) => reaches(containers, name, to, seen))
}

function wave(result: StopPlan, name: string, which: 'stop' | 'start'): number {
  for (const group of result.groups) {
    const waves = group[which].map((w) => w.map((s) => ('container' in s ? s.container.name : s.name)))
    const index = waves.findIndex((w) => w.includes(name))
    if (index >= 0) return index
  }
  return -1
}
