/** Which process we are, in words that prove later whether it is still there. Linux tells it under /proc; elsewhere nothing can be proved. */
import { readFileSync, readlinkSync } from 'node:fs'

/** `<boot id> <PID namespace> <pid> <start time>`; a boot id of `-` where this is not Linux. */
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
 * Clock ticks after boot at which a process started (field 22 of proc(5)'s stat). Empty where there is provably no such process, or a
 * dead one; `null` where nobody can say: under `hidepid`, /proc shows the processes of other users as little as those that are gone.
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
