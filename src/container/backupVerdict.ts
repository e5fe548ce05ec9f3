/** Judges from the engine's information on the container whether a backup, or a restore, succeeded; a client's exit code never counts. Pure. */
import type { ContainerState } from '../docker/parseContainer.ts'
import { seconds } from '../format.ts'
import { toolOfEntrypoint } from './entrypoint.ts'
import type { ScriptHead } from './scriptHead.ts'

/** The work that a container of the user's image is started for: its script is `/backup.sh` or `/restore.sh`. */
export type ImageWork = 'backup' | 'restore'

export interface ContainerEnd {
  readonly work: ImageWork
  readonly image: string
  readonly state: ContainerState
  /** The end of stderr: the container's or, if the container never started, the docker client's. */
  readonly stderr: string
  /** True if the script exists in the container; `null` if that is not known. */
  readonly hasScript: boolean | null
  /** Facts that the beginning of the script shows; `null` if it does not exist or was not read. */
  readonly head: ScriptHead | null
  /** The USER that was used, from the image or the configuration. Empty is root. */
  readonly user: string
  /** The ENTRYPOINT that was used, from the image or the configuration. Empty: the script was started directly. */
  readonly entrypoint: readonly string[]
  readonly memory: string | null
}

/** Tells whether the engine ever started the container. Go's zero time means never. */
export function wasStarted(state: ContainerState): boolean {
  return !state.startedAt.startsWith('0001-')
}

/** Returns `null` for a success, else one sentence that says what failed and what to do. */
export function backupFailure(end: ContainerEnd): string | null {
  const { state, image, work } = end
  if (!wasStarted(state)) {
    if (end.hasScript === false && !/exec: "(?!\/(?:backup|restore)\.sh")/.test(state.startError)) return noScript(end)
    return startFailure(end, lastWords(state.startError) || lastWords(end.stderr) || 'docker does not say why')
  }
  if (state.status !== 'exited') return `the ${end.work} container did not end: docker says it is ${state.status}`
  if (state.oomKilled) return outOfMemory(end)
  if (state.exitCode === 0) return null
  if (state.exitCode > 128 && state.exitCode < 128 + 65) return killedBySignal(end)
  const tool = toolOfEntrypoint(end.entrypoint, end.stderr)
  if (end.hasScript === false && tool !== null)
    return `image ${image} has no /${work}.sh, and its ENTRYPOINT (${tool}) got it as an argument: give the instance a ${work === 'backup' ? 'script' : 'restoreScript'}, and set entrypoint: "" so that the script runs`
  if (end.hasScript === false && [2, 126, 127].includes(state.exitCode)) return noScript(end)
  const unrun = whyNotRun(end)
  if (unrun !== null) return startFailure(end, `exec: "/${work}.sh": ${unrun}`)
  const after = `exit code ${state.exitCode}${durationOf(state)}`
  const hint = hintOf(end)
  if (tool === null) return hint === null ? `its script ended with ${after}` : `its script ended with ${after}. ${hint}`
  return `its container ended with ${after}. The ENTRYPOINT (${tool}) got /${work}.sh as an argument: if it does not run it, set entrypoint: "" so that the script itself runs`
}

/**
 * Returns ` after 1.8 s`; empty if the engine took the time of the start after that of the end, as it can when a container ends at once
 * (measured on 20.10).
 */
function durationOf({ startedAt, finishedAt }: ContainerState): string {
  const ms = Date.parse(finishedAt) - Date.parse(startedAt)
  return ms >= 0 ? ` after ${seconds(ms / 1000)}` : ''
}

/** Says what to do about a failure whose cause shows in the end of stderr; `null` if none is known. */
function hintOf({ stderr, user }: ContainerEnd): string | null {
  const changed = /^.*: (?:file changed as we read it|file removed before we read it|file shrank by .*)$/im.exec(stderr)
  if (changed) {
    const volume = /(?:^|\/)volume\/([a-zA-Z0-9][a-zA-Z0-9_.-]*)\//.exec(changed[0])?.[1]
    const which = volume === undefined ? 'the volume' : `volume ${volume}`
    return `An application wrote to ${which} while it was read. Set stopAttached: true on it, and the application is stopped for the last part of a copy; or staging: copy, and what is read no longer changes`
  }
  const isRoot = /^(?:|0|root)(?::.*)?$/.test(user)
  if (!isRoot && /permission denied|operation not permitted/i.test(stderr))
    return `The image runs as user ${user}, who may not read or write every file; files of a volume keep their owners. If it must, set user: "0:0"`
  return null
}

/**
 * Says why the script could not be run, in the words of the program that was to run it; `null` if nothing says so. A newer engine reports
 * this as a failed start. Otherwise it shows as an exit code and a line on stderr: of an older engine, of an init or a wrapper, or of an
 * `env` that does not find the interpreter of line 1.
 */
function whyNotRun({ state, stderr, head }: ContainerEnd): string | null {
  const byInit =
    /^exec \/(?:backup|restore)\.sh: (no such file or directory|exec format error|permission denied)$/m.exec(stderr)
  if (byInit) return byInit[1] ?? null
  if (state.exitCode !== 126 && state.exitCode !== 127) return null
  const found =
    /(?<![\w.-])\/(?:backup|restore)\.sh(?:"?: | failed: )(?:\S+: bad interpreter: |cannot execute: )?(not found|no such file or directory|required file not found|exec format error|permission denied)/i.exec(
      stderr,
    )
  if (found) return (found[1] ?? '').toLowerCase().replace(/^(required file )?not found$/, 'no such file or directory')
  if (head?.kind !== 'interpreter' || head.program.includes('/')) return null
  const isMissing = stderr.split('\n').some((line) => /\benv: /.test(line) && line.includes(head.program))
  return state.exitCode === 127 && isMissing ? 'no such file or directory' : null
}

function noScript({ image, work }: ContainerEnd): string {
  const key = work === 'backup' ? 'script' : 'restoreScript'
  return `image ${image} has no /${work}.sh: put one there (COPY ${work}.sh /${work}.sh), or give the instance a ${key}`
}

/**
 * Says that memory ran out. The kernel killed one process of the container: the first one (exit code 137), or a child, which the script may
 * not notice.
 */
function outOfMemory({ state, memory, work }: ContainerEnd): string {
  const limit = memory === null ? 'the host has too little free memory' : `its limit is ${memory} (resources.memory)`
  if (state.exitCode === 137) return `the ${work} ran out of memory and was killed (exit code 137): ${limit}`
  const went =
    state.exitCode === 0
      ? 'the script went on and ended with exit code 0'
      : `the script ended with exit code ${state.exitCode}`
  return `memory ran out, and a process that the script had started was killed; ${went}, but the ${work} is not whole: ${limit}`
}

function killedBySignal({ state, memory, work }: ContainerEnd): string {
  // the engine can miss that memory ran out, when all of it is over at once
  if (state.exitCode === 137 && memory !== null)
    return `the ${work} was killed (exit code 137), as when it runs out of memory: its limit is ${memory} (resources.memory). See its log, and whether someone stopped it`
  return `the ${work} was killed by ${signalName(state.exitCode - 128)} (exit code ${state.exitCode}): see its log, and whether someone stopped it or the host ran out of memory`
}

/**
 * Says why the container's first program could not be started. `said` is docker's message; if it does not end in `exec: "PROGRAM": why`, it
 * is quoted as it is.
 */
function startFailure({ image, head, work }: ContainerEnd, said: string): string {
  const found = /exec: "((?:[^"\\]|\\.)*)": (.*?)(?:: unknown)?$/.exec(said)
  if (!found) return `the ${work} container could not be started: ${said}`
  const [, program = '', words = ''] = found
  const why = words.replace(/^stat [^:]*: /, '')
  if (program !== `/${work}.sh`)
    return `the entrypoint ${program} could not be started in image ${image}: ${why}. See the ENTRYPOINT of the image, or entrypoint in the configuration`
  const unstarted = `/${work}.sh of image ${image} could not be started`
  if (/permission denied/.test(why)) return `${unstarted}: ${why}. Make it executable (chmod 0755)`
  return `${unstarted}: ${whyUnstartable(head, why)}`
}

/** Says why the script could not be started, by what the file itself shows (`head`); if that shows nothing, in the engine's words `why`. */
function whyUnstartable(head: ScriptHead | null, why: string): string {
  const isForeign = /exec format error/.test(why)
  switch (head?.kind) {
    case 'wrong':
      return `it ${head.why}`
    case 'bare':
      return 'it has no first line that names an interpreter. Begin it with #!/bin/sh'
    case 'program':
      return isForeign
        ? 'it is a program for another kind of machine. Build it for this one'
        : 'it is a program, and the image does not have the libraries that it was built for. Build it statically, or for this image'
    case 'interpreter':
      return isForeign
        ? `the image's ${head.program} is for another kind of machine. Build or pull the image for this one`
        : `its first line asks for ${head.program}, which the image does not have. Write one that it has (such as #!/bin/sh), or use an image with ${head.program}`
    default:
      return `${why}. See that its first line names an interpreter that the image has (#!/bin/sh), and that it was built for this kind of machine`
  }
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
