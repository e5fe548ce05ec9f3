import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { dependenciesOf } from '../../../src/applications/dependencies.ts'
import { runnerContainers } from '../../../src/applications/runnerContainers.ts'
import { parseContainer } from '../../../src/docker/parseContainer.ts'
import { container } from '../../support/containers.ts'

/**
 * What an engine 20.10 printed: aa has a volume and a health check; bb its network; cc, to be removed, another one's processes;
 * dd a link on the default bridge; ee one on a network; ff, paused, the volumes of aa read-only and a second one; gg the host's network.
 */
const inspected: { Id: string }[] = JSON.parse(
  readFileSync(new URL('./fixtures/inspected.json', import.meta.url), 'utf8'),
)
const containers = inspected.map((one) => parseContainer(one))
const named = (name: string) => containers.find((c) => c.name === name) ?? expect.fail(name)

test('what a real engine says is read', () => {
  expect(named('aa')).toMatchObject({
    state: 'running',
    stopTimeout: 3,
    health: { status: 'healthy', lastProbeAt: expect.stringMatching(/^2026/) },
    healthCheck: { intervalMs: 1000, timeoutMs: 30_000, retries: 3, startPeriodMs: 0 },
    mounts: [{ type: 'volume', name: 'v1', source: '/var/lib/docker/volumes/v1/_data', writable: true }],
    autoRemove: false,
  })
  expect(named('cc')).toMatchObject({ autoRemove: true, health: null, healthCheck: null, labels: { k: 'v' } })
  expect(named('cc').mounts).toMatchObject([{ writable: false }])
  expect(named('ff').state).toBe('paused')
  expect(named('ff').mounts).toMatchObject([
    { name: 'v1', writable: false },
    { name: 'v2', writable: true },
    { type: 'bind', name: null, source: '/srv/dev', writable: true },
  ])
  expect(named('dd').links).toEqual(['aa'])
  expect(named('ee').links).toEqual(['e0'])
  expect(dependenciesOf(containers).get(named('bb').id)).toMatchObject([{ id: named('aa').id, hard: true }])
  expect(dependenciesOf(containers).get(named('dd').id)).toMatchObject([{ id: named('aa').id, hard: false }])
})

test('an odd value that stopping and starting do without counts as missing: it ends nobody’s backup', () => {
  const first = inspected[0] as unknown as { State: object; Config: object }
  const odd = {
    ...first,
    ...{ RestartCount: 'many', GraphDriver: 7, NetworkSettings: [], HostConfig: 'none', Args: {} },
    State: { ...first.State, Health: 'good', ExitCode: null, OOMKilled: 'no' },
    Config: { ...first.Config, Env: [1], Healthcheck: [], StopTimeout: 'soon' },
  }
  const container = parseContainer(odd)
  expect(container).toMatchObject({ restartCount: 0, health: null, healthCheck: null, stopTimeout: null, links: [] })
  expect(container.mounts).toEqual(parseContainer(first).mounts)
})

test.each([
  ['nothing', {}],
  ['mounts that are none', { Id: '0123456789ab', Name: '/x', State: {}, Config: {}, Mounts: 'none' }],
  ['a state that is a word', { Id: '0123456789ab', Name: '/x', State: 'running', Config: {}, HostConfig: {} }],
])('an engine that says something else is an error, not a guess: %s', (_, said) => {
  expect(() => parseContainer(said)).toThrow(/describes a container in a way/)
})

test.each([
  ['created', 'down'],
  ['exited', 'down'],
  ['dead', 'down'],
  ['removing', 'down'],
  ['restarting', 'restarting'],
])('state %s is %s', (Status, state) => {
  const raw = inspected[0] as unknown as { State: object }
  expect(parseContainer({ ...raw, State: { ...raw.State, Status } }).state).toBe(state)
})

const A = 'a'.repeat(64)
const B = 'b'.repeat(64)
const two = [
  container('runner', { id: A, upperDir: '/var/lib/docker/overlay2/aaaa/diff' }),
  container('proxy', { id: B, upperDir: '/var/lib/docker/overlay2/bbbb/diff' }),
]
const file = (id: string, name: string) =>
  `243 224 254:0 /docker/containers/${id}/${name} /etc/${name} rw - ext4 /dev/vda rw`
const root = (layer: string) =>
  `224 62 0:81 / / rw,relatime master:8 - overlay overlay rw,lowerdir=/x/l/A:/x/l/B,upperdir=/var/lib/docker/overlay2/${layer}/diff,workdir=/x/work`

test.each<[string, { cgroup?: string; mountinfo?: string; hostname?: string }, string[]]>([
  ['cgroup v1', { cgroup: `9:pids:/docker/${A}\n8:cpu:/docker/${A}` }, ['runner']],
  ['cgroup v1 by systemd', { cgroup: `9:pids:/system.slice/docker-${A}.scope` }, ['runner']],
  ['cgroup v2, in a namespace of its own', { cgroup: '0::/', mountinfo: file(A, 'hostname') }, ['runner']],
  [
    'the network of another one',
    { cgroup: '0::/', mountinfo: [root('aaaa'), file(B, 'hosts')].join('\n') },
    ['runner', 'proxy'],
  ],
  ['the default host name alone', { hostname: A.slice(0, 12) }, ['runner']],
  [
    'an engine within a container: the outer id is not here',
    { cgroup: `0::/docker/${'c'.repeat(64)}/docker/${A}` },
    ['runner'],
  ],
  ['on the host', { cgroup: '0::/user.slice', hostname: 'nas' }, []],
  [
    'on the host, whose table names the mounts of all containers',
    {
      mountinfo: `75 43 0:43 / /var/lib/docker/containers/${A}/mounts/shm rw - tmpfs shm rw\n73 43 0:41 / /var/lib/docker/overlay2/aaaa/merged rw - overlay overlay rw,upperdir=/var/lib/docker/overlay2/aaaa/diff,workdir=/x`,
    },
    [],
  ],
  ['beside a remote engine', { mountinfo: file('d'.repeat(64), 'hostname'), hostname: 'd'.repeat(12) }, []],
  ['no traces', {}, []],
])("the runner's own containers: %s", (_, traces, expected) => {
  const own = runnerContainers({ cgroup: '', mountinfo: '', hostname: '', ...traces }, two)
  expect(two.filter(({ id }) => own.includes(id)).map(({ name }) => name)).toEqual(expected)
})

test('what a container of a real engine sees leads to it, and to the one whose network it has', () => {
  const seen = readFileSync(new URL('./fixtures/mountinfo-of-bb.txt', import.meta.url), 'utf8')
  const own = runnerContainers({ cgroup: '0::/', mountinfo: seen, hostname: named('aa').id.slice(0, 12) }, containers)
  expect([...own].sort()).toEqual([named('aa').id, named('bb').id].sort())
})

test('why a container could not be started is read without the options of mounts', () => {
  const said = 'failed to mount local volume: mount //n/s:/v, data: password=hunter, 2: EIO'
  const first = inspected[0] as unknown as { readonly State: object }
  const { startError } = parseContainer({ ...first, State: { ...first.State, Error: said } })
  expect(startError).toBe(said.replace('password=hunter, 2', '***'))
})
