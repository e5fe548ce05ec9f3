/**
 * Takes mount options, which may be secret, out of what `docker start --attach` says itself. Its words come on the same stderr as the
 * container's. It speaks only if the container could not be started, and then its words are the first that come.
 */
import { mountFailureIn } from '../docker/mountFailures.ts'
import { withoutMountOptions } from '../docker/mountOptions.ts'

const BEGIN = 'Error response from daemon: '
/** Bytes of stderr beyond which it is the container's: no message of docker is so long. */
const LONGEST = 64 << 10

export interface ClientWordsFilter {
  /** Takes the next bytes and returns those that may be shown now. */
  take(chunk: Buffer): Buffer
  /** Returns at the end what was held back, without mount options. */
  rest(): Buffer
}

/**
 * Makes a filter for the client's stderr. If it begins with docker's words about a failed mount, all of it is held back until `rest`. What
 * may still become such words is held back until its first line ends; everything else passes as it comes.
 */
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
