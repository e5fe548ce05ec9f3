/**
 * Ends this process in a way that cannot hang.
 *
 * `process.exit` can wait for ever (nodejs/node #54918 and #64274, open in November 2026): it calls `NodePlatform::Shutdown`, which joins
 * V8's worker threads, while a compile job on one of them (Maglev and concurrent Sparkplug were both seen) waits in
 * `CollectionBarrier::AwaitCollectionBackground` for a garbage collection that only the main thread could make. A natural end of the
 * event loop drains and joins the same threads, and `process.reallyExit` does what `process.exit` does. Seen at the end of about
 * 1 run in 50 to 100, above all after an upload: then code is fresh, and is just being compiled.
 *
 * `process.execve` replaces the process image: the kernel ends all threads, nothing is joined and no handler runs
 * (src/node_process_methods.cc, `Execve`). The program that takes our place keeps process id and parent, and ends with the exit code: the
 * shell or, where there is none (a runner in an image without one), Node itself. That one gives its worker threads nothing to do
 * (`--single-threaded`), so there is no compile job that could be waited for.
 */
import { accessSync, constants } from 'node:fs'

const SHELL = '/bin/sh'

/**
 * Ends the process with this exit code; call it when all output is flushed. Where Node has no `execve` (before 22.15, Windows) or refuses it,
 * or neither the shell nor Node can be executed, it calls `process.exit`, which can hang. No other process watches for that hang: it could
 * only kill this one, and so turn the exit code of a good backup into that of a failed one.
 */
export function exitAtOnce(code: number): never {
  const argv = typeof process.execve === 'function' ? successor(code) : null
  if (argv !== null) {
    try {
      // its ExperimentalWarning is due in the next tick, which never comes
      process.execve?.(argv[0], argv, libraryPath())
    } catch {
      // refused by Node's permission model, or (from Node 26 on) by the system
    }
  }
  process.exit(code)
}

/**
 * Says for a debug log that the end of this process may hang, and why; `null` if no reason is known. A refusal by Node or the system shows
 * only at the end.
 */
export function exitDoubt(canExecute = isExecutable, hasExecve = typeof process.execve === 'function'): string | null {
  const end = 'this process ends by process.exit, which can hang in rare cases (nodejs/node #54918)'
  if (!hasExecve) return `Node ${process.version} has no process.execve: ${end}; Node 22.15 and newer cannot`
  return successor(0, canExecute) === null ? `neither ${SHELL} nor ${process.execPath} can be executed: ${end}` : null
}

/** Returns the command that takes our place and ends with `code`; `null` if this process may execute neither program. */
export function successor(code: number, canExecute = isExecutable): readonly [string, ...string[]] | null {
  if (canExecute(SHELL)) return [SHELL, '-c', `exit ${code}`]
  const { execPath } = process
  return canExecute(execPath) ? [execPath, '--single-threaded', '-e', `process.reallyExit(${code})`] : null
}

/**
 * Returns the environment of the program that takes our place: `LD_LIBRARY_PATH` and nothing else. A Node that lies in another folder than it
 * was built for needs it.
 */
function libraryPath(): Record<string, string> {
  const { LD_LIBRARY_PATH } = process.env
  return LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH }
}

/**
 * Tells whether this process may execute a file. Ask before `execve`: until Node 26, its failure aborts the process (SIGABRT) instead of
 * throwing.
 */
function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
