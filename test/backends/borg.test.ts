/** `examples/images/borg` against a real borg behind a real sshd. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Backend,
  exampleImage,
  failsInWords,
  fillSource,
  removeBackend,
  startDyingServer,
  storedAndRestored,
} from '../support/backends.ts'
import { testEngine } from '../support/run.ts'
import { type SshMachine, startSshMachine } from '../support/sshBackend.ts'

const engine = testEngine()
let machine: SshMachine
let backend: Backend
const repository = (address: string, path = 'shop.borg') => `ssh://backup@${address}/./${path}`

beforeAll(async () => {
  machine = await startSshMachine(engine, 'borg')
  const env = { BORG_REPO: repository(machine.server.address), BORG_PASSPHRASE: 'battery staple', ...machine.env }
  backend = { engine, image: await exampleImage(engine, 'borg'), id: engine.name('borg'), env }
  await fillSource(backend)
})

afterAll(() => removeBackend(backend, machine?.server))

test('backups come back as they were, and only what changed is sent; a partial one deletes nothing', async () => {
  const ran = await storedAndRestored(backend, {
    keepsOldest: true,
    byHand: `printf '%s\\n' "$SSH_KEY" >/tmp/key; printf '%s\\n' "$SSH_KNOWN_HOSTS" >/tmp/hosts; chmod 600 /tmp/key
    cd /restore; export BORG_RELOCATED_REPO_ACCESS_IS_OK=yes BORG_RSH='ssh -i /tmp/key -o UserKnownHostsFile=/tmp/hosts'
    borg extract --numeric-ids ::${backend.id}-POINT`,
  })
  const added = ran.map(({ stdout }) => Number(/, (\d+) of them new/.exec(stdout)?.[1]))
  expect(added[0]).toBeGreaterThan(300_000) // the photograph is there twice, and stored once
  expect(added[1]).toBeLessThan(50_000)
})

test('a wrong passphrase, a strange key, a machine that is down or goes down half way', async () => {
  const dying = await startDyingServer(engine, machine.server, 22)
  const { address } = machine.server
  await failsInWords(backend, [
    { name: 'wrong passphrase', env: { BORG_PASSPHRASE: 'wrong' }, says: /passphrase supplied .* is incorrect/ },
    { name: 'strange key', env: { SSH_KEY: machine.strangersKey }, says: /Permission denied \(publickey/ },
    { name: 'down', env: { BORG_REPO: `ssh://backup@${address}:7/./shop.borg` }, says: /Connection refused/ },
    { name: 'no place', env: { BORG_REPO: repository(address, 'no/such/shop.borg') }, says: /cannot be made/ },
    {
      name: 'dies',
      env: { BORG_REPO: repository(dying.address, 'new.borg') },
      says: /Connection closed by remote host|Nothing was stored/,
    },
  ])
  await dying.remove()
})

test('a run that was killed while it held the lock does not hold up the next one', async () => {
  const killed = `printf '%s\\n' "$SSH_KEY" >/tmp/key; printf '%s\\n' "$SSH_KNOWN_HOSTS" >/tmp/hosts; chmod 600 /tmp/key
    export BORG_RELOCATED_REPO_ACCESS_IS_OK=yes BORG_RSH='ssh -i /tmp/key -o UserKnownHostsFile=/tmp/hosts'
    borg with-lock :: sh -c 'echo it has the lock; kill -9 $PPID'`
  const env = { ...process.env, ...backend.env }
  const args = Object.keys(backend.env).flatMap((key) => ['-e', key])
  const ran = await engine.docker(['run', '--rm', ...args, '--entrypoint', 'sh', backend.image, '-c', killed], { env })
  expect(ran.stdout).toContain('it has the lock')
  await failsInWords(backend, [])
})
