/** Whether a backup succeeded, judged by what the engine says of the container, never by a client's exit code. Pure. */
import type { ContainerState } from '../docker/containers.ts'

export interface Ran {
  readonly image: string
  readonly state: ContainerState
  /** What `docker start` said, for a container that never started. */
  readonly stderr: string
  /** Whether `/backup.sh` is in the container; `null` where nobody looked. */
  readonly hasScript: boolean | null
  readonly memory: string | null
}

/** `null` for a success; else one sentence that says what failed and what to do. */
export function backupFailure(ran: Ran): string | null {
  const { state, image } = ran
  const noScript = `image ${image} has no /backup.sh: put one there (COPY backup.sh /backup.sh), or give the instance a script`
  const started = !state.startedAt.startsWith('0001-')
  if (!started) {
    if (ran.hasScript === false) return noScript
    const why = lastLine(state.error) || lastLine(ran.stderr) || 'docker does not say why'
    if (/permission denied/i.test(why))
      return `/backup.sh of image ${image} could not be started: ${why}. Make it executable (chmod 0755)`
    if (/exec format error|no such file or directory/i.test(why))
      return `/backup.sh of image ${image} could not be started: ${why}. See that its first line names an interpreter of the image (#!/bin/sh) and that it was built for this machine`
    return `the backup container could not be started: ${why}`
  }
  if (state.running || state.paused || state.status !== 'exited')
    return `the backup container did not end: docker says it is ${state.status}`
  if (state.oomKilled) {
    return `the backup ran out of memory and was killed (exit code ${state.exitCode}): ${ran.memory === null ? 'the host has too little free memory' : `its limit is ${ran.memory} (resources.memory)`}`
  }
  if (state.exitCode === 0) return null
  if ((state.exitCode === 127 || state.exitCode === 126 || state.exitCode === 2) && ran.hasScript === false)
    return noScript
  if (state.exitCode > 128 && state.exitCode < 128 + 65) {
    return `the backup was killed by ${signalName(state.exitCode - 128)} (exit code ${state.exitCode}): see its log, and whether someone stopped it or the host ran out of memory`
  }
  return `the backup failed with exit code ${state.exitCode}: its log says why`
}

function signalName(signal: number): string {
  const names: Record<number, string> = {
    1: 'SIGHUP',
    2: 'SIGINT',
    3: 'SIGQUIT',
    4: 'SIGILL',
    6: 'SIGABRT',
    7: 'SIGBUS',
    8: 'SIGFPE',
    9: 'SIGKILL',
    11: 'SIGSEGV',
    13: 'SIGPIPE',
    14: 'SIGALRM',
    15: 'SIGTERM',
  }
  return names[signal] ?? `signal ${signal}`
}

function lastLine(text: string): string {
  return (
    text
      .trim()
      .split('\n')
      .filter((line) => line.trim() !== '' && !/^Run 'docker/.test(line))
      .at(-1)
      ?.replace(/^(docker: )?(Error response from daemon: )?/, '')
      .replace(/^Error: failed to start containers: .*$/, '') ?? ''
  )
}
