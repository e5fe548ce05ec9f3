/** Another machine for tests of backups: an SSH server with a user `backup`, who may log in by a key. */

import type { Engine } from '../../examples/demo/engine.ts'
import { debianWith, type RunningServer, startBackend } from './backends.ts'

export interface SshMachine {
  readonly server: RunningServer
  /** For the instance's `env`. The known host is the same key at whatever address. */
  readonly env: Readonly<Record<'SSH_KEY' | 'SSH_KNOWN_HOSTS', string>>
  /** A key that the machine does not know. */
  readonly strangersKey: string
}

const MAKE_KEYS = `
ssh-keygen -q -t ed25519 -N '' -f /tmp/key; ssh-keygen -q -t ed25519 -N '' -f /tmp/other; ssh-keygen -q -t ed25519 -N '' -f /tmp/host
for file in key other host key.pub host.pub; do cat /tmp/$file; echo =====; done`

/** `/home/backup` is the user's folder; `more` goes to `docker create`. */
export async function startSshMachine(engine: Engine, what: string, more: readonly string[] = []): Promise<SshMachine> {
  const image = await debianWith(engine)
  const made = await engine.ok(['run', '--rm', '--network', 'none', image, 'sh', '-ec', MAKE_KEYS])
  const [key = '', other = '', host = '', publicKey = '', publicHost = ''] = made.split('=====\n')
  const run = `
mkdir -p /run/sshd /home/backup/.ssh
usermod -d /home/backup -s /bin/sh backup
printf %s "$PUBLIC_KEY" >/home/backup/.ssh/authorized_keys
(umask 077; printf %s "$HOST_KEY" >/host-key)
chown -R backup: /home/backup
# a client whose machine is gone is noticed
exec /usr/sbin/sshd -D -e -h /host-key -o ClientAliveInterval=5`
  const args = ['-e', `PUBLIC_KEY=${publicKey}`, '-e', `HOST_KEY=${host}`, ...more]
  const server = await startBackend(engine, what, { run, says: /Server listening on 0.0.0.0/, args })
  return { server, env: { SSH_KEY: key, SSH_KNOWN_HOSTS: `* ${publicHost}` }, strangersKey: other }
}
