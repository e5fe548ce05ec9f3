/** A claim whose holder is a dead run's: what the instance's log says while it is repaired. */
import { expect, test } from 'vitest'
import { claim } from '../../../src/claim/claim.ts'
import type { DockerHost } from '../../../src/claim/host.ts'
import type { RunSpec } from '../../../src/docker/args.ts'
import { claimLabels } from '../../../src/docker/labels.ts'
import { idOf } from '../../support/containers.ts'
import { scriptedClient } from '../../support/scripted-client.ts'
import type { Rule } from '../../support/scripted-docker.ts'

const NAME = 'marina-run-a'
const OWNER = { repository: '', server: '', runId: '', attempt: 1, job: 'j', process: '' }
const SPEC = { name: NAME, image: 'i', labels: {}, mounts: [], env: {}, entrypoint: null, command: [], user: null }
const spec: RunSpec = { ...SPEC, network: null, memory: null, cpus: null, helper: false }

const held = JSON.stringify([
  {
    Id: idOf('dead'),
    Name: `/${NAME}`,
    State: { Status: 'exited' },
    Config: { Labels: claimLabels({ kind: 'backup', self: NAME, instance: 'a', owner: OWNER, deadline: 1 }) },
  },
])
const gone: Rule = { on: /^container inspect/, code: 1, stderr: 'Error response from daemon: No such container: x\n' }
const CONFLICT = 'Error response from daemon: Conflict. The container name "/marina-run-a" is already in use by x\n'

async function claimed(...rules: readonly Rule[]) {
  const docker = await scriptedClient(...rules, { on: /^(rm|logs) / })
  const lines: string[] = []
  const say = async (line: string) => void lines.push(line)
  const engine = { version: '29', apiVersion: '1.50', hostName: 'h', remapped: false, clockOffsetMs: 0 }
  const told = { say: async () => {}, warn: async () => {}, reportError: async () => {} }
  const host: DockerHost = {
    docker,
    engine,
    owner: OWNER,
    runCompleted: async () => null,
    loadBack: async () => {},
    ...told,
  }
  const wait = { lockWaitMs: 0, signal: new AbortController().signal, onClaimed: () => {}, say }
  const result = await claim(host, spec, wait).catch((error: Error) => error.message)
  return { result, lines }
}

test('the claim of a dead run is cleaned up, and the log says so at the beginning and at the end', async () => {
  const { result, lines } = await claimed(
    { on: /^create/, code: 1, stderr: CONFLICT, times: 1 },
    { on: /^create/, stdout: `${idOf('new')}\n` },
    { on: /^container inspect/, stdout: held, times: 1 },
    { on: /^rename/ },
    gone,
  )
  expect(result).toBe(idOf('new'))
  expect(lines).toEqual([
    'an earlier run of the instance was left behind (its deadline has passed): cleaning it up',
    'what the earlier run left is cleaned up',
  ])
})

test('a claim that cannot be taken over is not said to be cleaned up', async () => {
  const { result, lines } = await claimed(
    { on: /^create/, code: 1, stderr: CONFLICT },
    { on: /^container inspect/, stdout: held },
    { on: /^rename/, code: 1, stderr: 'Error response from daemon: no\n' },
  )
  expect(result).toMatch(/could not be taken over: docker rm -fv marina-run-a$/)
  expect(lines).toEqual(['an earlier run of the instance was left behind (its deadline has passed): cleaning it up'])
})
