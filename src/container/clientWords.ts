/**
 * Takes the options of mounts out of what `docker start --attach` says itself. Its words come on the stderr that is else the
 * container's own, and only there where the container could not be started: then they are the first that comes.
 */
import { mountFailureIn } from '../docker/mountFailures.ts'
import { withoutMountOptions } from '../docker/mountOptions.ts'

const BEGIN = 'Error response from daemon: '
/** More than an engine says; a longer output is the container's. */
const LONGEST = 64 << 10

export interface ClientWordsFilter {
  /** What may be shown of the output so far. */
  take(chunk: Buffer): Buffer
  /** What was held back until the end. */
  rest(): Buffer
}

/** Filters a stderr. Words of a mount that failed are held back until it ends; all else passes as it comes. */
export function filterClientWords(): ClientWordsFilter {
  let held = Buffer.alloc(0)
  let passes = false
  const isClients = () => {
    const text = held.toString()
    if (!text.startsWith(BEGIN.slice(0, text.length)) || held.length > LONGEST) return false
    return !text.includes('\n') || mountFailureIn(text) !== null
  }
  const masked = () => {
    const words = Buffer.from(withoutMountOptions(held.toString()))
    held = Buffer.alloc(0)
    return words
  }
  return {
    take(chunk) {
      if (passes) return chunk
      held = Buffer.concat([held, chunk])
      if (isClients()) return Buffer.alloc(0)
      passes = true
      return held.length > LONGEST ? masked() : held
    },
    rest: () => (passes ? Buffer.alloc(0) : masked()),
  }
}
