/** `examples/images/airgap-ssh` against a real sshd. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Backend,
  exampleImage,
  failsInWords,
  fillSource,
  removeBackend,
  runRestore,
  startDyingServer,
  storedAndRestored,
} from '../support/backends.ts'
import { testEngine } from '../support/run.ts'
import { type SshMachine, startSshMachine } from '../support/sshBackend.ts'

const engine = testEngine()
let machine: SshMachine
let backend: Backend

beforeAll(async () => {
  machine = await startSshMachine(engine, 'airgap', ['--tmpfs', '/home/backup/small:size=400k'])
  const { address } = machine.server
  const env = { SSH_HOST: `backup@${address}`, SSH_PORT: '22', SSH_FOLDER: 'marina', ...machine.env }
  backend = { engine, image: await exampleImage(engine, 'airgap-ssh'), id: engine.name('airgap'), env }
  await fillSource(backend)
})

afterAll(() => removeBackend(backend, machine?.server))

test('backups come back as they were; a partial one deletes nothing, a whole one what the rule does not keep', async () => {
  await storedAndRestored(backend, {
    byHand: `printf '%s\\n' "$SSH_KEY" >/tmp/key; printf '%s\\n' "$SSH_KNOWN_HOSTS" >/tmp/hosts; chmod 600 /tmp/key
    scp -q -i /tmp/key -o UserKnownHostsFile=/tmp/hosts "$SSH_HOST:marina/${backend.id}/POINT.*" /tmp/
    cd /tmp; sha256sum -c --quiet POINT.sha256
    tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpzf POINT.tar.gz -C /restore`,
  })
})

test('a strange key, a strange host, a full disk, a machine that is down or goes down half way', async () => {
  const dying = await startDyingServer(engine, machine.server, 22)
  await failsInWords(backend, [
    { name: 'strange key', env: { SSH_KEY: machine.strangersKey }, says: /Permission denied \(publickey/ },
    { name: 'strange host', env: { SSH_KNOWN_HOSTS: 'other ssh-ed25519 AAAA' }, says: /Host key verification failed/ },
    { name: 'full', env: { SSH_FOLDER: 'small' }, says: /No space left on device[\s\S]*Nothing counts as stored/ },
    { name: 'down', env: { SSH_PORT: '7' }, says: /Connection refused/ },
    { name: 'dies', env: { SSH_HOST: `backup@${dying.address}` }, says: /could not be sent to/ },
    { name: 'quotes', env: { SSH_FOLDER: "a'; touch b" }, says: /SSH_FOLDER may hold letters/ },
  ])
  await dying.remove()
})

test('an archive that changed on the other machine, and one that is not there, are not restored in silence', async () => {
  const folder = `/home/backup/marina/${backend.id}`
  const at = (point: string) => runRestore(backend, { MARINA_RESTORE_POINT: point }, `${backend.id}-bad`)
  expect(await at('20200101-000000')).toMatchObject({ code: 1, stderr: expect.stringMatching(/has no backup "2020/) })
  const spoil = `cd ${folder}; for file in *.tar.gz; do printf x >>"$file"; done`
  await engine.ok(['exec', machine.server.container, 'sh', '-ec', spoil])
  expect(await at('latest')).toMatchObject({ code: 1, stderr: expect.stringMatching(/not what was stored|unpacked/) })
  await engine.ok(['volume', 'rm', `${backend.id}-bad`])
})
