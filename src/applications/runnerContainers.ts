/** Which containers the runner itself lives in. Pure: the texts of /proc in, ids out. */
import type { Container } from '../docker/parseContainer.ts'

/** What the runner's own process sees; empty where there is no such file (macOS). */
export interface RunnerTraces {
  /** `/proc/self/cgroup` */
  readonly cgroup: string
  /** `/proc/self/mountinfo` */
  readonly mountinfo: string
  readonly hostname: string
}

/**
 * The containers of this engine that the runner's process lives in; none for a runner on the host or beside a remote engine.
 * More than one where a runner shares another container's network: its files in /etc are that one's, and it must not be stopped either.
 *
 * A host name is believed only where it is the beginning of an id, which is docker's default: a container with host
 * networking carries the *host's* name, and would pass for the runner's own wherever that runs on the host.
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
 * Docker mounts three files of its own directory of a container into it. The host's mount table names containers too,
 * but at the other end: there they are mount points.
 */
function mountedIds(mountinfo: string): readonly string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [, , , root, point] = line.split(' ')
    return /^\/etc\/(hostname|hosts|resolv\.conf)$/.test(point ?? '') ? idsIn(root ?? '').slice(-1) : []
  })
}

/** The writable layer of the root directory. */
function upperDirsOf(mountinfo: string): readonly string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const point = line.split(' ')[4]
    const upper = /[ ,]upperdir=([^ ,]+)/.exec(line)?.[1]
    return point === '/' && upper !== undefined ? [upper] : []
  })
}
