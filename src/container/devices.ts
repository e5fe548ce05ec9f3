/**
 * Finds disks of the host that are mounted inside volumes: a tool that stays on one file system (`tar --one-file-system`, `restic -x`)
 * leaves them out.
 */
import { type MountSpec, mountSpec } from '../docker/args.ts'
import { succeeded } from '../docker/callResult.ts'
import { lookLabels } from '../docker/labels.ts'
import { mountPoints, otherDevices } from '../docker/mountInfo.ts'
import { type Docker, query } from '../docker/process.ts'

const LOOK_MS = 60_000

/** Commands that print `/proc/self/mountinfo`, in the order in which they are tried: an image may have a shell and no `cat`. */
const READERS: readonly (readonly [program: string, ...args: string[]])[] = [
  ['cat', '/proc/self/mountinfo'],
  ['sh', '-c', `while IFS= read -r line; do printf '%s\\n' "$line"; done </proc/self/mountinfo`],
]

/**
 * Returns the mount points, at the targets of `mounts` or below them, that lie on another device than a new volume does. Only a container
 * sees them as a backup will, so a short-lived container looks and removes itself; `post` of the job `job` removes one that is left. Its
 * image is the first of `images` that has one of `READERS`. Returns `null` if none has, or if the look fails.
 */
export async function findOtherDevices(
  docker: Docker,
  { images, job }: { readonly images: readonly string[]; readonly job: string },
  mounts: readonly MountSpec[],
  signal: AbortSignal,
): Promise<ReturnType<typeof otherDevices> | null> {
  if (mounts.length === 0) return []
  const root: MountSpec = { type: 'anonymous', target: '/backup', labels: {} }
  for (const image of images) {
    for (const [program, ...args] of READERS) {
      const argv = [
        ...['run', '--rm', '--pull', 'never', '--network', 'none', '--no-healthcheck', '--log-driver', 'none'],
        ...[
          '--user',
          '0:0',
          ...Object.entries(lookLabels(job)).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
        ],
        ...[root, ...mounts].flatMap((mount) => ['--mount', mountSpec(mount)]),
        ...['--entrypoint', program, image, ...args],
      ]
      const output = await query(docker, argv, { deadlineMs: LOOK_MS, signal })
      if (succeeded(output)) {
        const targets = mounts.map(({ target }) => target)
        return otherDevices(mountPoints(output.stdout), '/backup', targets)
      }
      if (output.ended.kind !== 'exit') return null // an engine that does not answer is not asked again
    }
  }
  return null
}
