/** `examples/images/borg` against a real borg behind a real sshd. */

import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import {
  type Backend,
  exampleImage,
  expectFailed,
  expectStored,
  failsInWords,
  fillSource,
  listPoints,
  removeBackend,
  startDyingServer,
  store,
  storedAndRestored,
} from '../support/backends.ts'
import { inVolume } from '../support/bench.ts'
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

/** Starts a Borg that has the repository's lock, by the image. */
async function holdLock(holder: string): Promise<void> {
  const script = `printf '%s\\n' "$SSH_KEY" >/tmp/key; printf '%s\\n' "$SSH_KNOWN_HOSTS" >/tmp/hosts; chmod 600 /tmp/key
    export BORG_RELOCATED_REPO_ACCESS_IS_OK=yes BORG_RSH='ssh -i /tmp/key -o UserKnownHostsFile=/tmp/hosts'
    borg with-lock :: sh -c 'echo it has the lock; sleep 600'`
  const env = { ...process.env, ...backend.env }
  const args = Object.keys(backend.env).flatMap((key) => ['-e', key])
  await engine.ok(
    ['run', '-d', '--init', '--name', holder, ...args, '--entrypoint', 'sh', backend.image, '-c', script],
    { env },
  )
  onTestFinished(async () => void (await engine.docker(['rm', '-fv', holder])))
  const hasLock = async () => expect((await engine.docker(['logs', holder])).stdout).toContain('it has the lock')
  await vi.waitFor(hasLock, { timeout: 60_000, interval: 200 })
}

test('a repository that is in use is told; the lock of a killed run, and of a killed server, holds up nobody', async () => {
  const inUse = { ...backend, env: { ...backend.env, BORG_LOCK_WAIT: '3' } }
  const onServer = (script: string) => engine.ok(['exec', machine.server.container, 'sh', '-ec', script])
  expectStored(await store(backend))
  const before = await listPoints(backend)
  const first = engine.name('borg-holder')
  await holdLock(first)
  expectFailed(await store(inUse), /is locked: another run uses it, and has not ended within 3 seconds/)
  await engine.ok(['kill', '-s', 'KILL', first])
  expect(await listPoints(backend)).toEqual(before)

  await holdLock(`${first}-2`)
  await onServer(
    'for one in /proc/[0-9]*; do ! grep -qaP "borg\\0serve" "$one/cmdline" || kill -9 "$(basename "$one")"; done; sleep 1',
  )
  expect(await onServer('ls /home/backup/shop.borg/lock.exclusive')).not.toBe('')

  const cache = engine.name('borg-cache')
  await engine.ok(['volume', 'create', cache])
  onTestFinished(async () => void (await engine.docker(['volume', 'rm', '-f', cache])))
  const cached = { ...inUse, keys: { mounts: [`${cache}:/root/.cache/borg`] } }
  expectStored(await store(cached))
  const lock = `for one in ${backend.id}/[0-9a-f]*/; do mkdir "$one/lock.exclusive"; touch "$one/lock.exclusive/other@1.2-3"; echo "$one"; done`
  expect(await inVolume(engine, backend.image, cache, lock)).toMatch(/[0-9a-f]{64}/)
  expectStored(await store(cached))
}, 600_000) // each store calls Borg seven times
