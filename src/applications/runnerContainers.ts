/** Finds the containers that the runner itself runs in. Pure: texts of /proc in, ids out. */
import type { Container } from '../docker/parseContainer.ts'

/** Traces of where the runner's process runs: the texts of two files of /proc, empty if there is no such file (macOS), and its host name. */
export interface RunnerTraces {
  /** Text of `/proc/self/cgroup`. */
  readonly cgroup: string
  /** Text of `/proc/self/mountinfo`. */
  readonly mountinfo: string
  readonly hostname: string
}

/**
 * Returns the ids of those of `containers` that the runner's process lives in; none for a runner directly on the host or with a remote
 * engine. There can be two: a runner that shares another container's network has that container's files in /etc, and that one must not be
 * stopped either. The host name is only used if it can be the beginning of an id, which is docker's default: a container with host
 * networking has the *host's* name.
 */
export function runnerContainers(traces: RunnerTraces, containers: readonly Container[]): readonly string[] {
  const hinted = new Set([...idsIn(traces.cgroup), ...mountedIds(traces.mountinfo)])
  const upperDirs = new Set(upperDirsOf(traces.mountinfo))
  return containers
    .filter(
      (c) =>
        hinted.has(c.id) ||
        (c.upperDir !== null && upperDirs.has(c.upperDir)) ||
        (/^[0-9a-f]{12}$/.test(traces.hostname) && c.id.startsWith(traces.hostname)),
    )
    .map((c) => c.id)
}

function idsIn(text: string): readonly string[] {
  return text.match(/[0-9a-f]{64}/g) ?? []
}

/**
 * Returns the container ids in the sources of three mounts: `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`, which docker mounts from
 * its own directory of the container. On the host, container ids appear in the mount table too, but as mount points, not as sources.
 */
function mountedIds(mountinfo: string): readonly string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [, , , root, point] = line.split(' ')
    return /^\/etc\/(hostname|hosts|resolv\.conf)$/.test(point ?? '') ? idsIn(root ?? '').slice(-1) : []
  })
}

/** Returns the paths of the writable overlay layers that are mounted as the root directory. */
function upperDirsOf(mountinfo: string): readonly string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const point = line.split(' ')[4]
    const upper = /[ ,]upperdir=([^ ,]+)/.exec(line)?.[1]
    return point === '/' && upper !== undefined ? [upper] : []
  })
}
