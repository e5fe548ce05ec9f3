/** Whether a backup succeeded, judged by what the engine says of the container, never by a client's exit code. Pure. */
import type { ContainerState } from '../docker/parseContainer.ts'

export interface ContainerEnd {
  readonly image: string
  readonly state: ContainerState
  /** The end of what came on stderr: the client's words where the container never started, else its own. */
  readonly stderr: string
  /** Whether `/backup.sh` is in the container; `null` where nobody looked. */
  readonly hasScript: boolean | null
  readonly memory: string | null
}

/** `null` for a success; else one sentence that says what failed and what to do. */
export function backupFailure(ran: ContainerEnd): string | null {
  const { state, image } = ran
  const noScript = `image ${image} has no /backup.sh: put one there (COPY backup.sh /backup.sh), or give the instance a script`
  const started = !state.startedAt.startsWith('0001-')
  if (!started) {
    if (ran.hasScript === false && !/exec: "(?!\/backup\.sh")/.test(state.startError)) return noScript
    return startFailure(image, lastLine(state.startError) || lastLine(ran.stderr) || 'docker does not say why')
  }
  if (state.status !== 'exited') return `the backup container did not end: docker says it is ${state.status}`
  if (state.oomKilled) {
    return `the backup ran out of memory and was killed (exit code ${state.exitCode}): ${ran.memory === null ? 'the host has too little free memory' : `its limit is ${ran.memory} (resources.memory)`}`
  }
  if (state.exitCode === 0) return null
  if ((state.exitCode === 127 || state.exitCode === 126 || state.exitCode === 2) && ran.hasScript === false)
    return noScript
  // the container's own init could not run it: newer engines say so as a start that failed, older ones as an exit
  const unrun = /^exec (\/backup\.sh): (no such file or directory|exec format error|permission denied)$/m.exec(
    ran.stderr,
  )
  if (unrun) return startFailure(image, `exec: "${unrun[1]}": ${unrun[2]}`)
  // the engine can miss that memory ran out, when all of it is over at once
  if (state.exitCode === 137 && ran.memory !== null) {
    return `the backup was killed (exit code 137), as when it runs out of memory: its limit is ${ran.memory} (resources.memory). See its log, and whether someone stopped it`
  }
  if (state.exitCode > 128 && state.exitCode < 128 + 65) {
    return `the backup was killed by ${signalName(state.exitCode - 128)} (exit code ${state.exitCode}): see its log, and whether someone stopped it or the host ran out of memory`
  }
  return `the backup failed with exit code ${state.exitCode}: its log says why`
}

/** Why the container's first program could not be started. The engine's words end in `exec: "PROGRAM": why`, after those of its layers. */
function startFailure(image: string, said: string): string {
  const found = /exec: "((?:[^"\\]|\\.)*)": (.*?)(?:: unknown)?$/.exec(said)
  if (!found) return `the backup container could not be started: ${said}`
  const [, program = '', words = ''] = found
  const why = words.replace(/^stat [^:]*: /, '')
  if (program !== '/backup.sh')
    return `the entrypoint ${program} could not be started in image ${image}: ${why}. See the ENTRYPOINT of the image, or entrypoint in the configuration`
  const cure = /permission denied/.test(why)
    ? 'Make it executable (chmod 0755)'
    : 'See that its first line names an interpreter that the image has (#!/bin/sh), and that it was built for this kind of machine'
  return `/backup.sh of image ${image} could not be started: ${why}. ${cure}`
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
