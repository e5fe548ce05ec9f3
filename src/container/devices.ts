/** Finds disks of the host that are mounted inside volumes: a tool that stays on one file system (`tar --one-file-system`, `restic -x`) leaves them out. */
import { type MountSpec, mountSpec } from '../docker/args.ts'
import { succeeded } from '../docker/callResult.ts'
import { LOOK, VERSION_LABEL } from '../docker/labels.ts'
import { mountPoints, otherDevices } from '../docker/mountInfo.ts'
import { type Docker, query } from '../docker/process.ts'

const LOOK_MS = 60_000

/**
 * Returns the mounts, and places below them, that lie on another device than a new volume does. Only a container sees them as a backup
 * will, so a short-lived container looks and removes itself. Returns none if the image has no `cat`, or if the look fails.
 */
export async function findOtherDevices(
  docker: Docker,
  image: string,
  mounts: readonly MountSpec[],
  signal: AbortSignal,
): Promise<ReturnType<typeof otherDevices>> {
  if (mounts.length === 0) return []
  const root: MountSpec = { type: 'anonymous', target: '/backup', labels: {} }
  const argv = [
    ...['run', '--rm', '--pull', 'never', '--network', 'none', '--no-healthcheck', '--log-driver', 'none'],
    ...['--user', '0:0', '--label', `${VERSION_LABEL}=${LOOK}`],
    ...[root, ...mounts].flatMap((mount) => ['--mount', mountSpec(mount)]),
    ...['--entrypoint', 'cat', image, '/proc/self/mountinfo'],
  ]
  const output = await query(docker, argv, { deadlineMs: LOOK_MS, signal })
  if (!succeeded(output)) return []
  return otherDevices(
    mountPoints(output.stdout),
    '/backup',
    mounts.map(({ target }) => target),
  )
}
