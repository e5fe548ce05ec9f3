/** Judges from the engine's information on the container whether a backup succeeded; a client's exit code never counts. Pure. */
import type { ContainerState } from '../docker/parseContainer.ts'
import { toolOfEntrypoint } from './entrypoint.ts'

export interface ContainerEnd {
  readonly image: string
  readonly state: ContainerState
  /** The end of stderr: the container's or, if the container never started, the docker client's. */
  readonly stderr: string
  /** Whether `/backup.sh` exists in the container; `null` if that was not checked. */
  readonly hasScript: boolean | null
  /** The ENTRYPOINT that was used, from the image or the configuration. Empty: `/backup.sh` was started directly. */
  readonly entrypoint: readonly string[]
  readonly memory: string | null
}

/** Tells whether the engine ever started the container. Go's zero time means never. */
export function wasStarted(state: ContainerState): boolean {
  return !state.startedAt.startsWith('0001-')
}

/** Returns `null` for a success, else one sentence that says what failed and what to do. */
export function backupFailure(end: ContainerEnd): string | null {
  const { state, image } = end
  if (!wasStarted(state)) {
    if (end.hasScript === false && !/exec: "(?!\/backup\.sh")/.test(state.startError)) return noScript(image)
    return startFailure(image, lastWords(state.startError) || lastWords(end.stderr) || 'docker does not say why')
  }
  if (state.status !== 'exited') return `the backup container did not end: docker says it is ${state.status}`
  if (state.oomKilled) return outOfMemory(end)
  if (state.exitCode === 0) return null
  if (state.exitCode > 128 && state.exitCode < 128 + 65) return killedBySignal(end)
  const tool = toolOfEntrypoint(end.entrypoint, end.stderr)
  if (end.hasScript === false && tool !== null)
    return `image ${image} has no /backup.sh, and its ENTRYPOINT (${tool}) got it as an argument: give the instance a script, and set entrypoint: "" so that the script runs`
  if (end.hasScript === false && [2, 126, 127].includes(state.exitCode)) return noScript(image)
  // the container's own init could not run it: newer engines say so as a start that failed, older ones as an exit
  const unrun = /^exec (\/backup\.sh): (no such file or directory|exec format error|permission denied)$/m.exec(
    end.stderr,
  )
  if (unrun) return startFailure(image, `exec: "${unrun[1]}": ${unrun[2]}`)
  const failed = `the backup failed with exit code ${state.exitCode}: its log says why`
  if (tool === null) return failed
  return `${failed}. The ENTRYPOINT (${tool}) got /backup.sh as an argument: if it does not run it, set entrypoint: "" so that the script itself runs`
}

function noScript(image: string): string {
  return `image ${image} has no /backup.sh: put one there (COPY backup.sh /backup.sh), or give the instance a script`
}

/** Says that memory ran out. The kernel killed one process of the container: the first one (exit code 137), or a child, which the script may not notice. */
function outOfMemory({ state, memory }: ContainerEnd): string {
  const limit = memory === null ? 'the host has too little free memory' : `its limit is ${memory} (resources.memory)`
  if (state.exitCode === 137) return `the backup ran out of memory and was killed (exit code 137): ${limit}`
  return `one of the backup's processes was killed because memory ran out (the backup ended with exit code ${state.exitCode}): ${limit}`
}

function killedBySignal({ state, memory }: ContainerEnd): string {
  // the engine can miss that memory ran out, when all of it is over at once
  if (state.exitCode === 137 && memory !== null)
    return `the backup was killed (exit code 137), as when it runs out of memory: its limit is ${memory} (resources.memory). See its log, and whether someone stopped it`
  return `the backup was killed by ${signalName(state.exitCode - 128)} (exit code ${state.exitCode}): see its log, and whether someone stopped it or the host ran out of memory`
}

/** Says why the container's first program could not be started. The engine's message ends in `exec: "PROGRAM": why`. */
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

function lastWords(text: string): string {
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
