/**
 * Knows every process that this one started and that still runs, and ends them all. A docker client that is left behind at its deadline (a
 * registry or an engine that does not answer) must not outlive us.
 */
import { subscribe } from 'node:diagnostics_channel'
import { readdirSync, readFileSync } from 'node:fs'

/** The part of Node's `ChildProcess` that is used here. */
interface Child {
  readonly pid?: number
  readonly exitCode: number | null
  readonly signalCode: string | null
  once(event: 'exit', listener: () => void): unknown
}

const running = new Set<Child>()

// Node announces each new process here, whoever starts it: `exec` of @actions/exec gives no handle of its process.
subscribe('child_process', (message) => {
  const { process: child } = message as { process: Child }
  running.add(child)
  child.once('exit', () => running.delete(child))
})

/**
 * Ends (SIGKILL) all processes that this one started and that still run, with their own children: a credential helper, a plugin, the
 * `ssh` of `DOCKER_HOST=ssh://…`. Synchronous, so that it can be the last but one step of a process. What the clients began on the
 * engine lives on.
 */
export function endRunningClients(): void {
  const clients = [...running].flatMap(({ pid, exitCode, signalCode }) =>
    pid === undefined || exitCode !== null || signalCode !== null ? [] : [pid],
  )
  if (clients.length === 0) return
  for (const pid of [...clients, ...descendantsOf(clients)]) endGroup(pid)
  running.clear()
}

/** Kills (SIGKILL) the process and, if it leads a process group, the whole group. A process that was spawned with `detached` leads one. */
export function endGroup(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL')
    } catch {
      // it has ended, or leads no group
    }
  }
}

/** Returns all descendants of these processes, from /proc; none if there is no /proc. */
function descendantsOf(pids: readonly number[]): readonly number[] {
  const children = new Map<number, number[]>()
  for (const [pid, parent] of parents()) children.set(parent, [...(children.get(parent) ?? []), pid])
  const found: number[] = []
  let level = pids
  while (level.length > 0) {
    level = level.flatMap((pid) => children.get(pid) ?? [])
    found.push(...level)
  }
  return found
}

/** Returns the pid of each visible process of this machine with the pid of its parent; none if there is no /proc. */
function parents(): readonly (readonly [pid: number, parent: number])[] {
  try {
    return readdirSync('/proc').flatMap((name) => {
      const parent = /^\d+$/.test(name) ? parentOf(name) : null
      return parent === null ? [] : [[Number(name), parent] as const]
    })
  } catch {
    return []
  }
}

function parentOf(pid: string): number | null {
  try {
    // `PID (NAME) STATE PARENT …`; the name may hold spaces and parentheses
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return null // it has ended meanwhile
  }
}
