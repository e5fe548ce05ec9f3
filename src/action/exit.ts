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
 * (src/node_process_methods.cc, `Execve`). The shell that takes our place keeps process id and parent, and ends with the exit code.
 */
import { accessSync, constants } from 'node:fs'

const SHELL = '/bin/sh'

/**
 * Ends the process with this exit code; call it when all output is flushed. Where Node has no `execve` (before 22.15, Windows), or the
 * shell cannot be executed, it calls `process.exit`, which can hang. No other process watches for that hang: it could only kill this one,
 * and so turn the exit code of a good backup into that of a failed one.
 */
export function exitAtOnce(code: number): never {
  if (typeof process.execve === 'function' && isExecutable(SHELL)) {
    try {
      // its ExperimentalWarning is due in the next tick, which never comes
      process.execve(SHELL, [SHELL, '-c', `exit ${code}`], {})
    } catch {
      // refused by Node's permission model, or (from Node 26 on) by the system
    }
  }
  process.exit(code)
}

/** Says for a debug log that the end of this process may hang; `null` if Node has `execve`. */
export function exitDoubt(): string | null {
  return typeof process.execve === 'function'
    ? null
    : `Node ${process.version} has no process.execve: this process ends by process.exit, which can hang in rare cases (nodejs/node #54918); Node 22.15 and newer cannot`
}

/** Tells whether this process may execute a file. Ask before `execve`: until Node 26, its failure aborts the process (SIGABRT) instead of throwing. */
function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
