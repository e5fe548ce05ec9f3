/** A `docker` to be first on the PATH that lets every backup without targets succeed, in a few milliseconds a call: for tests of many runs. */

import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const IMAGE_ID = `sha256:${'1'.repeat(64)}`
const CONTAINER_ID = '2'.repeat(64)

const VERSION = {
  Client: { Version: '28.2.2', ApiVersion: '1.45' },
  Server: { Version: '26.1.5', ApiVersion: '1.45', Os: 'linux' },
}
const IMAGE = {
  Id: IMAGE_ID,
  RepoDigests: [],
  Architecture: 'amd64',
  Os: 'linux',
  Config: { Env: ['PATH=/bin'], Cmd: ['sh'], Entrypoint: null, User: '' },
}
const CONTAINER = {
  Id: CONTAINER_ID,
  Name: '/easy',
  Created: '2026-01-01T00:00:00Z',
  Image: IMAGE_ID,
  State: {
    Status: 'exited',
    Running: false,
    Paused: false,
    OOMKilled: false,
    ExitCode: 0,
    Error: '',
    StartedAt: '2026-01-01T00:00:00Z',
    FinishedAt: '2026-01-01T00:00:01Z',
  },
  Config: { Labels: {}, Env: [], Cmd: ['/backup.sh'] },
  Mounts: [],
  HostConfig: {},
  NetworkSettings: { Networks: {} },
}

/**
 * Writes the program into `folder` (made if need be, and the program's working directory) and resolves to it: what `runAction` takes as
 * `docker`. `first` is shell text that may answer a call otherwise, before the usual answers.
 */
export async function easyDocker(folder: string, first = ''): Promise<{ readonly folder: string; calls(): null }> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'version'), JSON.stringify(VERSION))
  await writeFile(join(folder, 'info'), JSON.stringify({ Name: 'easy', SecurityOptions: [] }))
  await writeFile(join(folder, 'image'), JSON.stringify([IMAGE]))
  await writeFile(join(folder, 'container'), JSON.stringify([CONTAINER]))
  const program = join(folder, 'docker')
  await writeFile(
    program,
    `#!/bin/sh
cd '${folder}' || exit 125
${first}
case "$*" in
version*) exec cat version ;;
info*) exec cat info ;;
'image inspect '*) exec cat image ;;
'container inspect '*) exec cat container ;;
create*) echo ${CONTAINER_ID} ;;
'cp - '*) exec cat >/dev/null ;;
*/result.json' -') echo 'Error response from daemon: Could not find the file' >&2; exit 1 ;;
start*) i=0; while [ $i -lt 200 ]; do echo "line $i of the backup"; i=$((i + 1)); done ;;
rm*) echo ${CONTAINER_ID} ;;
ps* | 'volume ls'*) ;;
*) echo "easy docker: unexpected: docker $*" >&2; exit 125 ;;
esac
`,
  )
  await chmod(program, 0o755)
  return { folder, calls: () => null }
}
