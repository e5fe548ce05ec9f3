/** `examples/images/encrypted` to a mounted folder and, by SFTP, to another machine. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Backend,
  exampleImage,
  expectStored,
  failsInWords,
  fillSource,
  listPoints,
  removeBackend,
  restoredTree,
  runRestore,
  sourceTree,
  store,
  storedAndRestored,
} from '../support/backends.ts'
import { testEngine } from '../support/run.ts'
import { type SshMachine, startSshMachine } from '../support/sshBackend.ts'

const engine = testEngine()
const archive = engine.name('encrypted-archive')
let machine: SshMachine
let backend: Backend
let identity = ''

beforeAll(async () => {
  const image = await exampleImage(engine, 'encrypted')
  machine = await startSshMachine(engine, 'encrypted')
  const key = await engine.ok(['run', '--rm', '--network', 'none', '--entrypoint', 'age-keygen', image])
  const recipient = /public key: (age1\w+)/.exec(key)?.[1] ?? ''
  identity = /AGE-SECRET-KEY-\w+/.exec(key)?.[0] ?? ''
  await engine.ok(['volume', 'create', archive])
  backend = {
    engine,
    image,
    id: engine.name('encrypted'),
    env: { DESTINATION: '/archive', AGE_RECIPIENT: recipient },
    keys: { mounts: [`${archive}:/archive`] },
    restoreArgs: ['-v', `${archive}:/archive:ro`],
    restoreEnv: { AGE_IDENTITY: identity },
  }
  await fillSource(backend)
})

afterAll(async () => {
  await removeBackend(backend, machine?.server)
  await engine.docker(['volume', 'rm', archive])
})

test('a mounted folder: backups come back as they were, by age and tar alone too', async () => {
  await storedAndRestored(backend, {
    byHand: `printf '%s\\n' "$AGE_IDENTITY" >/tmp/identity; cd /archive/${backend.id}; sha256sum -c --quiet POINT.sha256
    age -d -i /tmp/identity -o /tmp/archive POINT.tar.gz.age
    tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpzf /tmp/archive -C /restore`,
  })
})

test('another machine, as a remote of rclone', async () => {
  const { address } = machine.server
  const pem = machine.env.SSH_KEY.trim().replaceAll('\n', '\\n')
  const conf = `[nas]\ntype = sftp\nhost = ${address}\nuser = backup\nkey_pem = ${pem}`
  const remote = { ...backend, env: { ...backend.env, DESTINATION: 'nas:', RCLONE_CONF: conf } }
  expect(await listPoints(remote)).toEqual([])
  expectStored(await store(remote))
  expect(await restoredTree(remote, 'latest')).toBe(await sourceTree(remote))
})

test('a wrong key, a place that is not there, and a private key that does not fit', async () => {
  await failsInWords(backend, [
    { name: 'wrong recipient', env: { AGE_RECIPIENT: 'age1wrong' }, says: /tar or age failed|The upload of .* failed/ },
    { name: 'no place', env: { DESTINATION: '/not/mounted' }, says: /\/not\/mounted cannot be listed/ },
    { name: 'no remote', env: { DESTINATION: 'cloud:bucket' }, says: /didn't find section in config file/ },
  ])
  const other = { ...backend, restoreEnv: { AGE_IDENTITY: 'AGE-SECRET-KEY-1WRONG' } }
  const ran = await runRestore(other, { MARINA_RESTORE_POINT: 'latest' }, `${backend.id}-bad`)
  expect(ran).toMatchObject({ code: 1, stderr: expect.stringMatching(/age: error[\s\S]*cannot be unpacked/) })
  await engine.ok(['volume', 'rm', `${backend.id}-bad`])
})
