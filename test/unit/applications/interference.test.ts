import { describe, expect, test } from 'vitest'
import { asOfNow, interferenceWith, lateWriters } from '../../../src/applications/interference.ts'
import { planStops } from '../../../src/applications/stopPlan.ts'
import type { Container } from '../../../src/docker/parseContainer.ts'
import { binds, container, has, idOf, volume } from '../../support/containers.ts'

const data = volume('data')
const T2 = '2026-11-02T04:00:11.5Z'
const NEVER = '0001-01-01T00:00:00Z'
const db = container('db', { mounts: [has('data')] })
const web = container('web', { links: ['db'] })
const self = [idOf('runner')]

describe('the group as it is to be stopped now', () => {
  const group =
    planStops({ volumes: [data], hostVolumes: [data], containers: [db, web], self }).groups[0] ?? expect.fail()
  const now = (containers: readonly Container[], hostVolumes = [data]) =>
    asOfNow(group, { containers, hostVolumes, self })

  test.each<[string, readonly Container[], string[][], string[][]]>([
    ['nothing changed', [db, web], [['web'], ['db']], [['db'], ['web']]],
    ['a dependent has ended', [db, { ...web, state: 'down' }], [['db']], [['db']]],
    ['the one with the volume has ended', [{ ...db, state: 'down' }, web], [], []],
    [
      'somebody new, read-only',
      [db, web, container('new', { mounts: [has('data', false)] })],
      [['web'], ['db']],
      [['db'], ['web']],
    ],
  ])('%s', (_, containers, stop, start) => {
    const fresh = now(containers)
    if (typeof fresh === 'string') expect.fail(fresh)
    expect(fresh.stop.map((wave) => wave.map(({ container: c }) => c.name))).toEqual(stop)
    expect(fresh.start.map((wave) => wave.map(({ name }) => name))).toEqual(start)
  })

  test.each<[string, readonly Container[], RegExp]>([
    [
      'somebody new has the volume',
      [db, web, container('new', { mounts: [has('data')] })],
      /"new" has volume "data" mounted and was started after/,
    ],
    [
      'made anew meanwhile',
      [{ ...db, id: idOf('db, the second') }, web],
      /"db" has volume "data" mounted and was started after/,
    ],
    ['one with --rm has come', [db, web, container('tmp', { mounts: [has('data')], autoRemove: true })], /--rm/],
  ])('refused: %s', (_, containers, error) => {
    expect(now(containers)).toMatch(error)
  })

  test.each<[string, Partial<Container>, string | undefined]>([
    ['it restarted since', { restartCount: 1 }, 'restarting'],
    ['it is being restarted', { state: 'restarting' }, 'restarting'],
    ['it became unhealthy', { health: { status: 'unhealthy', lastProbeAt: null } }, 'unhealthy'],
    ['it is well', {}, undefined],
  ])('what is expected of it after the start: %s', (_, over, before) => {
    const fresh = now([{ ...db, ...over }, web])
    expect(typeof fresh === 'string' ? fresh : fresh.start[0]?.[0]?.before).toBe(before)
  })

  test('the volume is gone', () => {
    expect(now([db, web], [])).toMatch(/volume "data" was removed/)
  })

  test('paused in the meantime: it stays so, and is watched', () => {
    expect(now([{ ...db, state: 'paused' }, web])).toMatchObject({ stop: [], start: [], paused: [{ name: 'db' }] })
  })
})

describe('who kept still during the copy', () => {
  const down = { ...db, state: 'down' as const }
  const paused = container('paused', { mounts: [has('data')], state: 'paused' })
  const idle = container('idle', { mounts: [has('data')], state: 'down' })
  const reader = container('reader', { mounts: [has('data', false)] })
  const runner = container('runner', { mounts: [has('data')] })
  const quiet = { down: [{ id: db.id, name: 'db', startedAt: db.startedAt }], paused: [paused], idle: [idle] }
  const all = [down, paused, idle, reader, runner, container('other')]
  const changed = (name: string, over: Partial<Container>) => all.map((c) => (c.name === name ? { ...c, ...over } : c))

  test.each<[string, readonly Container[], RegExp | null]>([
    ['all', all, null],
    ['an idle one was removed', all.filter((c) => c.name !== 'idle'), null],
    [
      'stopped, and running again',
      changed('db', { state: 'running', startedAt: T2 }),
      /"db" was started by somebody else/,
    ],
    ['stopped, started and ended in between', changed('db', { startedAt: T2 }), /"db" was started by somebody else/],
    ['stopped, and being restarted', changed('db', { state: 'restarting' }), /"db" was started by somebody else/],
    ['stopped, and removed', all.filter((c) => c.name !== 'db'), /"db" was removed/],
    ['made anew', changed('db', { id: idOf('db, the second') }), /"db" was removed/],
    ['unpaused', changed('paused', { state: 'running' }), /"paused" was paused, and did not stay so/],
    ['paused, and started anew', changed('paused', { startedAt: T2 }), /did not stay so/],
    ['paused, and removed', all.filter((c) => c.name !== 'paused'), /did not stay so/],
    [
      'not running, and started',
      changed('idle', { state: 'running', startedAt: T2 }),
      /"idle" was not running, and was started/,
    ],
    ['not running, started and ended', changed('idle', { startedAt: T2 }), /"idle" was not running, and was started/],
    [
      'somebody new has the volume',
      [...all, container('new', { mounts: [has('data')] })],
      /"new", which has volume "data" mounted, was started/,
    ],
    ['somebody new binds it', [...all, container('new', { mounts: [binds('/var/lib/docker')] })], /"new", which binds/],
    ['somebody new, read-only', [...all, container('new', { mounts: [has('data', false)] })], null],
    [
      'somebody new, never started',
      [...all, container('new', { mounts: [has('data')], state: 'down', startedAt: NEVER })],
      null,
    ],
    ['somebody new who has ended', [...all, container('new', { mounts: [has('data')], state: 'down' })], /"new"/],
    ['one of ours', [...all, container('ours', { mounts: [has('data')], ours: true })], null],
  ])('%s', (_, containers, expected) => {
    const now = { volumes: [data], hostVolumes: [data], containers, self, startedAgainAt: null }
    const said = [...interferenceWith(quiet, containers), ...lateWriters(quiet, now)]
    if (expected === null) expect(said).toEqual([])
    else expect(said[0]).toMatch(expected)
  })

  test.each<[string, Partial<Container>, boolean]>([
    ['before', { startedAt: '2026-11-02T04:00:10.5Z', finishedAt: NEVER }, true],
    ['at the same moment', { startedAt: T2, finishedAt: NEVER }, true],
    ['later', { startedAt: '2026-11-02T04:00:11.501Z', finishedAt: NEVER }, false],
    ['later, and ended', { startedAt: '2026-11-02T04:00:12Z', finishedAt: '2026-11-02T04:00:13Z' }, false],
    ['later, but it had run before', { startedAt: '2026-11-02T04:00:13Z', finishedAt: '2026-11-02T04:00:11Z' }, true],
  ])('somebody new who was started %s than those that were stopped', (_, over, counts) => {
    const containers = [...all, container('new', { mounts: [has('data')], ...over })]
    const now = { volumes: [data], hostVolumes: [data], containers, self, startedAgainAt: T2 }
    expect(lateWriters(quiet, now)).toHaveLength(counts ? 1 : 0)
  })
})
