/** A sweep tells what it could not do, and never ends a run. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findClaims } from '../../../src/claim/findClaims.ts'
import type { DockerHost } from '../../../src/claim/host.ts'
import { sweepHost } from '../../../src/claim/sweep.ts'
import { idOf } from '../../support/containers.ts'
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
  await scriptDocker(folder, rules)
  const warnings: string[] = []
  const warn = async (message: string) => void warnings.push(message)
  const one = {
    docker: { env: { PATH: process.env.PATH ?? '' }, redact: (text: string) => text },
    engine: { clockOffsetMs: 0 },
    owner: { repository: '', server: '', runId: '', attempt: 1, job: 'j', process: 'p' },
    runCompleted: async () => null,
    ...{ say: warn, warn, reportError: warn },
  } as unknown as DockerHost
  return { host: one, warnings }
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
