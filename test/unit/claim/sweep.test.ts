/** A sweep tells what it could not do, and never ends a run. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findClaims } from '../../../src/claim/findClaims.ts'
import type { DockerHost } from '../../../src/claim/host.ts'
import { sharing, sweepHost } from '../../../src/claim/sweep.ts'
import { claimLabels, type JournalClaim } from '../../../src/docker/labels.ts'
import { container, idOf } from '../../support/containers.ts'
import { type Rule, scriptDocker } from '../../support/scripted-docker.ts'

const path = process.env.PATH ?? ''
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marina-sweep-'))
  process.env.PATH = folder + delimiter + path
})
afterEach(async () => {
  process.env.PATH = path
  await rm(folder, { recursive: true })
})

async function host(...rules: Rule[]) {
  const docker = await scriptDocker(folder, rules)
  const warnings: string[] = []
  const warn = async (message: string) => void warnings.push(message)
  const one = {
    docker: { env: { PATH: process.env.PATH ?? '' }, redact: (text: string) => text },
    engine: { clockOffsetMs: 0 },
    owner: { repository: '', server: '', runId: '', attempt: 1, job: 'j', process: 'p' },
    runCompleted: async () => null,
    ...{ say: warn, warn, reportError: warn },
  } as unknown as DockerHost
  return { host: one, warnings, docker }
}

const ODD = idOf('odd')
const GOOD = idOf('good')
const good = {
  Id: GOOD,
  Name: '/marina-journal-x',
  State: { Status: 'running' },
  Config: {
    Labels: Object.fromEntries(
      ['version=1', 'kind=journal', 'instance=a', 'self=marina-journal-x', 'job=other'].map((label) => {
        const [key, value] = label.split('=')
        return [`dev.polarfox.marina-action.${key}`, value]
      }),
    ),
  },
}
const odd = { ...good, Id: ODD, Name: '/odd', Mounts: 'none' }
const RULES: readonly Rule[] = [
  { on: /^ps .*--filter label=\S+=look/ },
  { on: /^ps /, stdout: `${ODD} 1\n${GOOD} 1\n` },
  { on: new RegExp(`^container inspect ${ODD} ${GOOD}`), stdout: JSON.stringify([odd, good]) },
  { on: new RegExp(`^container inspect ${ODD}`), stdout: JSON.stringify([odd]) },
  { on: new RegExp(`^container inspect ${GOOD}`), stdout: JSON.stringify([good]) },
]

test('a container that the engine describes oddly does not hide the others', async () => {
  const { host: one, warnings } = await host(...RULES)
  const claims = await findClaims(one, one.warn)
  expect(warnings).toEqual([
    expect.stringMatching(new RegExp(`^container ${ODD.slice(0, 12)} is left alone: the engine describes .*Mounts`)),
  ])
  expect(claims).toMatchObject([{ kind: 'journal', container: { id: GOOD } }])
})

test.each<[string, readonly Rule[]]>([
  ['an engine that refuses', [{ on: /./, code: 1, stderr: 'Error response from daemon: no\n' }]],
  [
    'an answer that is no JSON',
    [
      { on: /^ps /, stdout: `${ODD} 1\n` },
      { on: /^container/, stdout: '<html>' },
    ],
  ],
  [
    'an answer of another form',
    [
      { on: /^ps /, stdout: `${ODD} 1\n` },
      { on: /^container/, stdout: '{"a":1}' },
    ],
  ],
])('%s is a warning, and the run goes on', async (_, rules) => {
  const { host: one, warnings } = await host(...rules)
  await sweepHost(one)
  expect(warnings).toEqual([
    expect.stringMatching(/^what dead runs may have left on this host could not be looked for/),
  ])
})

const OWNER = { repository: '', server: '', runId: '', attempt: 1, job: 'other', process: '' }
const restarts = (...names: readonly string[]) => names.map((name) => ({ wave: 0, id: idOf(name), name }))
const journal = (name: string, instance: string, ...down: readonly string[]): JournalClaim => ({
  ...{ kind: 'journal', container: container(name), self: name, instance, owner: OWNER, deadline: 0 },
  restart: restarts(...down),
})

test.each<[string, readonly JournalClaim[], readonly string[]]>([
  ['different applications', [journal('1', 'a', 'x'), journal('2', 'b', 'y')], ['1', '2']],
  ['the same application', [journal('1', 'a', 'x', 'y'), journal('2', 'b', 'y')], ['1 2']],
  [
    'an application that was created anew',
    [journal('1', 'a', 'x'), { ...journal('2', 'b'), restart: [{ wave: 0, id: idOf('new'), name: 'x' }] }],
    ['1 2'],
  ],
  ['the same instance', [journal('1', 'a', 'x'), journal('2', 'a', 'y')], ['1 2']],
  ['a third one in common', [journal('1', 'a', 'x'), journal('2', 'b', 'y'), journal('3', 'c', 'y', 'x')], ['1 2 3']],
  ['nothing to start', [journal('1', 'a'), journal('2', 'b')], ['1', '2']],
])('claims that have %s', (_, claims, groups) => {
  expect(sharing(claims).map((group) => group.map((one) => one.container.name).join(' '))).toEqual(groups)
})

test('dead claims that share nothing are repaired at the same time, those that do one after the other', async () => {
  const dead = [journal('marina-1', 'a', 'x'), journal('marina-2', 'b', 'y'), journal('marina-3', 'c', 'y')]
  const inspected = (name: string, Labels: object) => ({
    ...{ Id: idOf(name), Name: `/${name}`, State: { Status: 'running', StartedAt: '2026-11-01T00:00:00Z' } },
    Created: '2026-11-01T00:00:00Z',
    Config: { Labels },
  })
  const all = dead.map(({ container: { name }, ...claim }) => inspected(name, claimLabels(claim)))
  const { host: one, docker } = await host(
    { on: /^ps .*--filter label=\S+=look/ },
    { on: /^ps /, stdout: dead.map((claim) => `${claim.container.id} 1\n`).join('') },
    { on: new RegExp(`^container inspect ${idOf('marina-1')} `), stdout: JSON.stringify(all) },
    // long enough for a second one to begin meanwhile
    { on: /^rename/, delayMs: 2_000 },
    ...['x', 'y'].map(
      (name): Rule => ({
        on: new RegExp(`^container inspect .*${idOf(name)}`),
        stdout: JSON.stringify([inspected(name, {})]),
      }),
    ),
    { on: /^(start|rm|volume) / },
  )
  await sweepHost(one)
  const calls = (await docker.calls()).map(({ argv }) => argv.join(' '))
  const at = (call: string, name: string) =>
    calls.findIndex((line) => line.startsWith(call) && line.includes(idOf(name)))
  expect(at('rename', 'marina-2')).toBeLessThan(at('rm', 'marina-1'))
  expect(at('rename', 'marina-3')).toBeGreaterThan(at('rm', 'marina-2'))
  expect(at('rm', 'marina-3')).toBeGreaterThan(0)
})
