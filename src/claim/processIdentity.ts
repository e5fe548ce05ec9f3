/** Describes this process so that another one can prove later that it has gone. Needs Linux's /proc; elsewhere nothing can be proved. */
import { readFileSync, readlinkSync } from 'node:fs'

/** Returns `<boot id> <PID namespace> <pid> <start time>` of this process. Without Linux's /proc all but the pid are `-`. */
export function thisProcess(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const namespace = readlinkSync('/proc/self/ns/pid')
    return `${boot} ${namespace} ${process.pid} ${startTime(String(process.pid)) || '-'}`
  } catch {
    return `- - ${process.pid} -`
  }
}

/**
 * Returns the start time of a process of our PID namespace, in clock ticks after boot (field 22 of proc(5)'s stat). Empty: there is
 * provably no such process, or it is a zombie. `null`: it exists, but /proc does not tell (with `hidepid` it hides other users' processes).
 */
export function startTime(pid: string): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the command's name may hold spaces and parentheses: count from the last one
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? null)
  } catch {
    return isThere(Number(pid)) ? null : ''
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
