import { describe, expect, test } from 'vitest'
import type { Container } from '../../../src/docker/parseContainer.ts'
import { discover } from '../../../src/targets/discover.ts'
import { readInventory } from '../../../src/targets/inventory.ts'
import { resolveTargets } from '../../../src/targets/resolve.ts'
import { judgeWhereabouts, type WantedTask } from '../../../src/targets/swarm.ts'
import { scriptedClient } from '../../support/scripted-client.ts'
import type { Rule } from '../../support/scripted-docker.ts'

const NOW = Date.parse('2026-11-27T12:00:00Z')
const DAY_AGO = '2026-11-26T12:00:00Z'
const MINUTE_AGO = '2026-11-27T11:59:00Z'

function newest(over: Partial<Container>, slot = '1') {
  return {
    id: 'c1',
    name: `shop_db.${slot}.t1`,
    labels: {
      'com.docker.swarm.service.id': 's1',
      'com.docker.swarm.service.name': 'shop_db',
      'com.docker.swarm.node.id': 'here',
      'com.docker.swarm.task.id': 't1',
      'com.docker.swarm.task.name': `shop_db.${slot}.t1`,
    },
    createdAt: DAY_AGO,
    state: 'down' as const,
    status: 'exited',
    finishedAt: DAY_AGO,
    exitCode: 0,
    oomKilled: false,
    ...over,
  }
}

type Wanted = Parameters<typeof judgeWhereabouts>[1]
const at = (node: string, slot = '1'): WantedTask => ({ node, slot })

test.each<[string, ReturnType<typeof newest>, Wanted, 'here' | 'elsewhere']>([
  ['swarm wants it here', newest({}), [at('here')], 'here'],
  ['swarm wants it elsewhere', newest({}), [at('there')], 'elsewhere'],
  [
    'swarm wants it elsewhere, and a start here was given up',
    newest({ status: 'created' }),
    [at('there')],
    'elsewhere',
  ],
  ['swarm finds no host for it', newest({}), [at('')], 'here'],
  ['swarm wants none: given up', newest({}), [], 'here'],
  ['swarm wants none: scaled to 0', newest({}), 'zero', 'elsewhere'],
  ['no labels of swarm, scaled to 0', newest({ labels: {} }), 'zero', 'elsewhere'],
  ['swarm wants the replica here, and another elsewhere', newest({}, '2'), [at('there'), at('here', '2')], 'here'],
  ['swarm wants fewer replicas', newest({}, '2'), [at('here')], 'elsewhere'],
  ['of a global service, this host is drained', newest({}, 'here'), [at('there', 'there')], 'elsewhere'],
  ['swarm does not know the service', newest({}), 'gone', 'elsewhere'],
  [
    'a worker: the next one is created',
    newest({ status: 'created', finishedAt: '0001-01-01T00:00:00Z' }),
    'unknown',
    'here',
  ],
  ['a worker: crashed', newest({ exitCode: 1 }), 'unknown', 'here'],
  ['a worker: out of memory', newest({ exitCode: 137, oomKilled: true }), 'unknown', 'here'],
  ['a worker: shut down a minute ago', newest({ finishedAt: MINUTE_AGO }), 'unknown', 'here'],
  ['a worker: shut down long ago', newest({}), 'unknown', 'elsewhere'],
  ['a worker: shut down long ago, by SIGTERM', newest({ exitCode: 143 }), 'unknown', 'elsewhere'],
  ['a worker: never ended, as far as it says', newest({ finishedAt: '' }), 'unknown', 'here'],
  ['no labels of swarm', newest({ labels: {}, exitCode: 2 }), [at('there')], 'here'],
])('%s', (_, task, wanted, expected) => {
  expect(judgeWhereabouts(task, wanted, NOW).kind).toBe(expected)
})

describe('a labelled service between two tasks', () => {
  function inspected(id: string, over: { state: object; created: string }, labels: Record<string, string> = {}) {
    return {
      Id: id.repeat(64),
      Name: `/shop_db.1.t${id}`,
      Created: over.created,
      Image: 'sha256:1',
      State: { ExitCode: 0, ...over.state },
      Config: {
        Image: 'postgres',
        Labels: {
          'com.docker.swarm.service.id': 's1',
          'com.docker.swarm.service.name': 'shop_db',
          'com.docker.swarm.node.id': 'here',
          'com.docker.swarm.task.id': `t${id}`,
          'com.docker.swarm.task.name': `shop_db.1.t${id}`,
          ...labels,
        },
      },
    }
  }
  const MARINA = {
    'dev.polarfox.marina.enabled': 'true',
    'dev.polarfox.marina.instanceID': 'nas',
    'dev.polarfox.marina.db': 'postgres',
  }
  const DEAD = { state: { Status: 'exited', ExitCode: 1, FinishedAt: DAY_AGO }, created: DAY_AGO }
  const NEXT = { state: { Status: 'created', FinishedAt: '0001-01-01T00:00:00Z' }, created: MINUTE_AGO }

  async function found(
    containers: readonly ReturnType<typeof inspected>[],
    service: Omit<Rule, 'on'>,
    mode = '{"Replicated":{"Replicas":1}}',
  ) {
    const docker = await scriptedClient(
      { on: /^service ps/, ...service },
      { on: /^service inspect/, stdout: `${mode}\n` },
      { on: /^ps --all/, stdout: `${containers.map(({ Id }) => Id).join('\n')}\n` },
      { on: /^volume ls/, stdout: '' },
      { on: /^image inspect/, stdout: '[]' },
      {
        on: /^container inspect .*[0-9a-f]{64}/,
        stdout: JSON.stringify(containers),
      },
      { on: /^container inspect/, stdout: '[]', stderr: 'Error: No such container: shop_db\n', code: 1 },
    )
    const signal = new AbortController().signal
    const nas = { id: 'nas', discovers: true, stopAttached: false, names: [] }
    const { targetsOf, warnings } = await discover(docker, await readInventory(docker, signal), [nas], signal)
    const targets = targetsOf('nas')
    const engine = { version: '28.0.0', api: [1, 48] as const, remapped: false } as never
    const resolved = await resolveTargets({ docker, engine, hostName: 'nas', onOdd: async () => {} }, targets, {
      signal,
    })
    return { warnings, errors: resolved.map((one) => (one.kind === 'unresolved' ? one.error : one.kind)) }
  }

  const worker = { stderr: 'Error response from daemon: This node is not a swarm manager.\n', code: 1 }

  test('fails as a target while swarm starts the next one', async () => {
    expect(await found([inspected('a', DEAD, MARINA), inspected('b', NEXT, MARINA)], worker)).toEqual({
      warnings: [],
      errors: [
        'database container "shop_db" runs nowhere on this host: swarm has created its next task (shop_db.1.tb) and not started it yet. Wait until it is up (docker service ps shop_db, on a manager), then run this again; if the service has moved to another host for good, remove what it left here (docker rm shop_db.1.tb)',
      ],
    })
  })

  test('fails as a target where it crashed and nothing followed', async () => {
    const { errors } = await found([inspected('a', DEAD, MARINA)], { stdout: 's1.1\there\n' })
    expect(errors).toEqual([
      expect.stringMatching(/^database container "shop_db" runs nowhere on this host: its newest task on this host/),
    ])
  })

  test('is warned of where swarm runs it on another host', async () => {
    expect(await found([inspected('a', DEAD, MARINA)], { stdout: 's1.1\tthere\n' })).toEqual({
      warnings: [
        'service "shop_db" has labels for a backup, but runs on another host of the swarm: nothing of it is backed up here (docker rm shop_db.1.ta ends this warning)',
      ],
      errors: [],
    })
  })

  test('is warned of where its service is scaled to 0', async () => {
    expect(await found([inspected('a', DEAD, MARINA)], { stdout: '' }, '{"Replicated":{"Replicas":0}}')).toEqual({
      warnings: [
        'service "shop_db" has labels for a backup, but is scaled to 0 replicas: nothing of it is backed up here (docker rm shop_db.1.ta ends this warning)',
      ],
      errors: [],
    })
  })

  test.each(['{"Replicated":{"Replicas":1}}', '{"Global":{}}', '{"Replicated":{}}', 'x'])(
    'fails as a target where swarm wants no task of the mode %s',
    async (mode) => {
      const { errors, warnings } = await found([inspected('a', DEAD, MARINA)], { stdout: '' }, mode)
      expect(errors).toEqual([expect.stringMatching(/^database container "shop_db" runs nowhere on this host/)])
      expect(warnings).toEqual([])
    },
  )

  test('asks for nothing where the newest task lost its labels', async () => {
    const next = inspected('b', { state: { Status: 'running' }, created: MINUTE_AGO })
    expect(await found([inspected('a', DEAD, MARINA), next], worker)).toEqual({ warnings: [], errors: [] })
  })
})
