import { expect, test } from 'vitest'
import { lastingName, type ServiceMember, standingFor, taskNamed } from '../../../src/targets/services.ts'

let made = 0
/** Each is created a minute after the one before it. */
function container(name: string, labels: Record<string, string> = {}, isRunning = true): ServiceMember {
  made += 1
  const createdAt = new Date(made * 60_000).toISOString()
  return {
    id: `${made}`,
    name,
    labels,
    createdAt,
    state: isRunning ? 'running' : 'down',
    status: isRunning ? 'running' : 'exited',
    finishedAt: createdAt,
    exitCode: 0,
    oomKilled: false,
  }
}
const task = (service: string, slot: string, id: string, isRunning = true) =>
  container(
    `${service}.${slot}.${id}`,
    { 'com.docker.swarm.service.name': service, 'com.docker.swarm.task.id': id },
    isRunning,
  )
const compose = (name: string, isRunning = true, over: Record<string, string> = {}) =>
  container(
    name,
    {
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'db',
      'com.docker.compose.container-number': '1',
      'com.docker.compose.oneoff': 'False',
      ...over,
    },
    isRunning,
  )

test.each([
  [container('db'), 'db'],
  [compose('shop-db-1'), 'shop-db-1'],
  [task('shop_db', '1', 'aaa'), 'shop_db'],
  [task('shop_db', '2', 'aaa'), 'shop_db.2'],
  [task('shop_db', 'nodeidofaglobalservice', 'aaa'), 'shop_db'],
  [task('a.b', '1', 'aaa'), 'a.b'],
  [container('renamed', { 'com.docker.swarm.service.name': 'db', 'com.docker.swarm.task.id': 'aaa' }), 'renamed'],
])('a dump of $name lies under %s', (one, expected) => {
  expect(lastingName(one)).toBe(expected)
})

test.each<[string, ServiceMember[], string[], string[]]>([
  ['no services', [container('a'), container('b', {}, false)], ['a', 'b'], []],
  [
    'tasks of swarm that have ended',
    [task('db', '1', 't1', false), task('db', '1', 't2', false), task('db', '1', 't3'), task('db', '1', 't4', false)],
    ['db.1.t3'],
    [],
  ],
  ['a service of which nothing runs', [task('db', '1', 't1', false), task('db', '1', 't2', false)], [], ['db.1.t2']],
  ['two replicas', [task('db', '1', 't1'), task('db', '2', 't2')], ['db.1.t1', 'db.2.t2'], []],
  ['an update that starts the new task first', [task('db', '1', 't1'), task('db', '1', 't2')], ['db.1.t2'], []],
  [
    'docker compose run',
    [compose('shop-db-1'), compose('shop-db-run-1', true, { 'com.docker.compose.oneoff': 'True' })],
    ['shop-db-1'],
    [],
  ],
  ['docker compose run alone', [compose('shop-db-run-1', true, { 'com.docker.compose.oneoff': 'True' })], [], []],
  [
    'compose up anew, before the old one ends',
    [compose('shop-db-1'), compose('0123456789ab_shop-db-1', false)],
    ['shop-db-1'],
    [],
  ],
  [
    'the old one, renamed and left',
    [compose('0123456789ab_shop-db-1', false), compose('shop-db-1')],
    ['shop-db-1'],
    [],
  ],
  ['both down', [compose('shop-db-1', false), compose('0123456789ab_shop-db-1', false)], ['shop-db-1'], []],
  [
    'only the new one runs',
    [compose('shop-db-1', false), compose('0123456789ab_shop-db-1')],
    ['0123456789ab_shop-db-1'],
    [],
  ],
  ['a stopped one of compose stays a target', [compose('shop-db-1', false)], ['shop-db-1'], []],
  [
    'two containers of one service',
    [compose('shop-db-1'), compose('shop-db-2', true, { 'com.docker.compose.container-number': '2' })],
    ['shop-db-1', 'shop-db-2'],
    [],
  ],
])('%s', (_, containers, standing, idle) => {
  const found = standingFor(containers)
  expect(found.standing.map(({ name }) => name)).toEqual(standing)
  expect(found.idle.map(({ name }) => name)).toEqual(idle)
})

test('a service stands for its running task, whatever the task is called', () => {
  const tasks = [task('db', '1', 't1', false), task('db', '1', 't2'), task('db', '2', 't3'), task('dba', '1', 't4')]
  expect(taskNamed('db', tasks)?.name).toBe('db.1.t2')
  expect(taskNamed('db.2', tasks)?.name).toBe('db.2.t3')
  expect(taskNamed('db.3', tasks)).toBeNull()
  expect(taskNamed('d', tasks)).toBeNull()
  expect(taskNamed('db', [task('db', '1', 't5', false), task('db', '1', 't6', false)])?.name).toBe('db.1.t6')
  expect(taskNamed('web', [container('web')])).toBeNull()
})
