/** A `docker` of a test's own, first on the PATH: answers by a script, and remembers each call. */

import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What to do on calls whose argument line fits. Of several rules that fit, the first that is not used up answers. */
export interface Rule {
  /** Tested on the arguments, joined by one space. */
  readonly on: RegExp
  readonly stdout?: string
  readonly stderr?: string
  /** `stdout` is written this many times (default 1): a log of any size from a short script. */
  readonly repeat?: number
  /** The exit code; default 0. */
  readonly code?: number
  /** Ends itself by this signal instead. */
  readonly signal?: 'SIGTERM' | 'SIGKILL'
  /** Before it answers, in milliseconds. */
  readonly delayMs?: number
  /** Never ends by itself, as a client of a hung engine. Its output comes first. */
  readonly hangs?: boolean
  /** Reads stdin to its end, and records it. Without it stdin is left alone. */
  readonly readsStdin?: boolean
  /** Answers so many calls, then the next rule that fits does. Default: any number. */
  readonly times?: number
}

/** What a scripted engine of a recent version says of itself. */
export const ENGINE_VERSION = {
  Client: { ApiVersion: '1.48' },
  Server: { Version: '28.2.0', ApiVersion: '1.48', Os: 'linux', Components: [{ Name: 'Engine' }] },
}

/** The rules by which a scripted engine answers the first two questions of a run: its version, and what it is. */
export const ENGINE_ANSWERS: readonly Rule[] = [
  { on: /^version/, stdout: JSON.stringify(ENGINE_VERSION) },
  { on: /^info/, stdout: JSON.stringify({ Name: 'nas', SystemTime: new Date().toISOString(), SecurityOptions: [] }) },
]

export interface Call {
  readonly argv: readonly string[]
  /** What was written to it, where the rule reads it. */
  readonly stdin: string | null
  /** Of its environment, the variables that `ScriptedDocker.watchEnv` names and that were set. */
  readonly env: Readonly<Record<string, string>>
}

export interface ScriptedDocker {
  /** To be first on the PATH. */
  readonly folder: string
  /** All calls until now, in the order in which they began. A call no rule fits is there too; it ended with code 125. */
  calls(): Promise<Call[]>
  /** The calls no rule fitted, as argument lines: a test wants none. */
  unexpected(): Promise<string[]>
}

/** Writes the program into `folder` (made if need be). `watchEnv`: the variables to record of each call. */
export async function scriptDocker(
  folder: string,
  rules: readonly Rule[],
  watchEnv: readonly string[] = [],
): Promise<ScriptedDocker> {
  const calls = join(folder, 'calls')
  await mkdir(calls, { recursive: true })
  const script = { watchEnv, rules: rules.map((rule) => ({ ...rule, on: rule.on.source, flags: rule.on.flags })) }
  await writeFile(join(folder, 'script.json'), JSON.stringify(script))
  const program = join(folder, 'docker')
  const source = join(import.meta.dirname, 'scripted-docker-program.mjs')
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${source}' '${folder}' "$@"\n`)
  await chmod(program, 0o755)
  const read = async (): Promise<Recorded[]> => {
    const lines = (await readFile(join(calls, 'log'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
    return Promise.all(
      lines.map(async (line) => {
        const call = JSON.parse(line) as Recorded
        const stdin = await readFile(join(calls, `${call.id}.stdin`), 'utf8').catch(() => null)
        return { ...call, stdin }
      }),
    )
  }
  return {
    folder,
    calls: async () => (await read()).map(({ argv, stdin, env }) => ({ argv, stdin, env })),
    unexpected: async () => (await read()).filter((call) => !call.expected).map((call) => call.argv.join(' ')),
  }
}

interface Recorded extends Call {
  readonly id: string
  readonly expected: boolean
}
