/** A `docker` first on the PATH of an action that breaks one of its calls, with the real client behind it. */

import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../../examples/demo/packages.ts'

/**
 * `killed before`: SIGKILL, and the engine never heard of it. `killed after`: the engine did its work, the answer is lost.
 * `broken line`: exit code 1 with docker's own words for that. `refused`: exit code 1, as the engine refuses a call. `hangs`: until
 * `release`. `waits`: until `release`, and then the call goes on.
 * `action killed before` and `after`: SIGKILL to the action itself. `action cancelled`: SIGINT to the action, and the call goes on.
 */
export type Fault =
  | 'killed before'
  | 'killed after'
  | 'broken line'
  | 'refused'
  | 'hangs'
  | 'waits'
  | 'action killed before'
  | 'action killed after'
  | 'action cancelled'

export interface BrokenCall {
  readonly fault: Fault
  /** A pattern of the shell's `case` for the argument line, such as `stop *` (its spaces are its own): calls are counted from the first that fits. */
  readonly from: string
  /** How many calls after that one; default 0: that one itself. */
  readonly plus?: number
}

export interface FaultyDocker {
  /** To be first on the PATH. */
  readonly folder: string
  /** The argument line of the call that was broken; `null` where none was. */
  broken(): Promise<string | null>
  /** The argument lines of all calls, in the order in which they began. */
  calls(): Promise<readonly string[]>
  /** Ends a call that hangs, and lets one go on that waits. */
  release(): Promise<void>
}

const ACTIONS: Readonly<Record<Fault, string>> = {
  'killed before': 'kill -KILL $$',
  'killed after': '"$real" "$@"; kill -KILL $$',
  'broken line': `echo 'error during connect: Post "http://%2Fvar%2Frun%2Fdocker.sock/": EOF' >&2; exit 1`,
  refused: "echo 'Error response from daemon: input/output error' >&2; exit 1",
  hangs: 'exec sleep 100000',
  waits: 'while [ ! -e "$d/go" ]; do sleep 0.1; done',
  'action killed before': 'kill -KILL $PPID; kill -KILL $$',
  'action killed after': '"$real" "$@"; kill -KILL $PPID; kill -KILL $$',
  'action cancelled': 'kill -INT $PPID',
}

/** Writes the program into `folder` (made if need be). It serves one action, whose calls it numbers, also those side by side. */
export async function faultyDocker(folder: string, { fault, from, plus = 0 }: BrokenCall): Promise<FaultyDocker> {
  const real = await findProgram('docker')
  if (real === null) throw new Error('there is no docker client')
  await mkdir(join(folder, 'calls'), { recursive: true })
  const program = join(folder, 'docker')
  await writeFile(
    program,
    `#!/bin/sh
d='${folder}' real='${real}' i=1
# the first to make the file has the number; a builtin looks first, since a subshell costs time
while [ -e "$d/calls/$i" ] || ! (set -C; printf '%s\\n' "$*" >"$d/calls/$i") 2>/dev/null; do i=$((i+1)); done
case "$*" in ${from.replaceAll(' ', '\\ ')}) (set -C; echo $i >"$d/from") 2>/dev/null;; esac
if read -r from 2>/dev/null <"$d/from" && [ $i = $((from + ${plus})) ]; then
  echo "$i $$" >"$d/broken"
  ${ACTIONS[fault]}
fi
exec "$real" "$@"
`,
  )
  await chmod(program, 0o755)
  const call = (number: string) => readFile(join(folder, 'calls', number), 'utf8')
  const hit = async () => (await readFile(join(folder, 'broken'), 'utf8').catch(() => '')).trim().split(' ')
  return {
    folder,
    broken: async () => {
      const [number] = await hit()
      return number ? call(number) : null
    },
    calls: async () => {
      const numbers = (await readdir(join(folder, 'calls'))).sort((a, b) => Number(a) - Number(b))
      return Promise.all(numbers.map(call))
    },
    release: async () => {
      if (fault === 'waits') await writeFile(join(folder, 'go'), '')
      const pid = Number((await hit())[1])
      if (fault === 'hangs' && pid > 0) process.kill(pid, 'SIGKILL')
    },
  }
}
