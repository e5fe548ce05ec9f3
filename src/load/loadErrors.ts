/** Defines how the load of a dump can fail, and keeps the lines of a tool's stderr that say why. Pure. */
import { InstanceError } from '../errors.ts'

/** The tool refused a dump that was read whole. `lack` says what the server lacks, which no dump brings; `null`: nothing suggests that. */
export class RefusedDumpError extends InstanceError {
  readonly lack: string | null

  constructor(message: string, details: { readonly lack: string | null; readonly cause?: unknown }) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.lack = details.lack
  }
}

/** Number of lines of an error that are kept: itself, and what belongs to it. */
const KEPT_LINES = 3

/** Collects the first error among the lines of stderr with the lines behind it that explain it. Notices may stand before and behind it. */
export function collectErrors(isError: (line: string) => boolean) {
  const kept: string[] = []
  let isOver = false
  return {
    add(line: string) {
      if (isOver) return
      const belongs = kept.length > 0 && /^(DETAIL|HINT|[\w./-]+: (detail|hint)):/.test(line)
      if ((kept.length === 0 && isError(line)) || belongs) kept.push(line.trim())
      else if (kept.length > 0) isOver = true
      if (kept.length === KEPT_LINES) isOver = true
    },
    words: () => kept.join(' '),
  }
}
