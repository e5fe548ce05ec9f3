/**
 * Reads a backup container's output on while the log does not take it, because the engine does not keep it.
 *
 * Two seconds after a container's end the engine drops what its attached client has not made room for: of 24 containers that printed 1 to
 * 1.7 MiB to a log that stood still for 4 s, six lost up to 60 KiB at their end, with exit code 0 (measured on 20.10). `docker logs` lacks
 * the same bytes. Only what no longer fits into the engine's buffer of 1 MB is lost: what lies in the pipes before it, under 200 KiB.
 * Nobody knows beforehand when a container ends, so reading goes on while the log stands still: 512 KiB a second, more than those 200 KiB
 * in two seconds, until 16 MiB are held.
 */

interface Bounds {
  /** Pace of the reading while the log stands still. */
  readonly bytesPerSecond: number
  /** Bytes that are held at most; then the log is waited for. At the pace above they last for half a minute. */
  readonly most: number
  /** Time without reading, with so much held, after which an end may have been dropped, ms. */
  readonly stillMs: number
}

export interface ReadAhead {
  /** The chunks of the source, in order. Throws what the source throws, at once. */
  readonly chunks: AsyncGenerator<Buffer, void>
  /** Tells whether nothing was read for so long that the end of the output may have been dropped. To be asked after the last chunk. */
  mayLackEnd(): boolean
}

const BOUNDS: Bounds = { bytesPerSecond: 512 << 10, most: 16 << 20, stillMs: 250 }
/** Below this many held bytes the next are read at once. */
const FEW = 64 << 10
/** More than all buffers between a container and its client hold: whatever comes behind them was printed after the standstill. */
const BUFFERED = 8 << 20

export function readAhead(source: AsyncIterable<Buffer>, bounds: Bounds = BOUNDS): ReadAhead {
  const held = createHeld()
  let sinceStill = Number.POSITIVE_INFINITY // bytes read after the last standstill

  async function fill(): Promise<void> {
    for await (const chunk of source) {
      held.put(chunk)
      sinceStill += chunk.length
      const began = performance.now()
      const due = began + (chunk.length / bounds.bytesPerSecond) * 1000
      const isFull = held.length() >= bounds.most
      await held.until((length) => length < FEW || (length < bounds.most && performance.now() >= due), due)
      if (isFull && performance.now() - began > bounds.stillMs) sinceStill = 0
      if (held.isClosed()) return
    }
  }

  async function* chunks(): AsyncGenerator<Buffer, void> {
    let failure: { readonly error: unknown } | null = null
    let isRead = false
    void fill()
      .catch((error: unknown) => {
        failure = { error }
      })
      .finally(() => {
        isRead = true
        held.wake()
      })
    try {
      for (;;) {
        await held.until((length) => length > 0 || isRead)
        if (failure !== null) throw (failure as { readonly error: unknown }).error
        const chunk = held.first()
        if (chunk === undefined) return
        const { length } = chunk // it may be freed by the one who takes it
        yield chunk
        held.taken(length)
      }
    } finally {
      held.close()
    }
  }

  return { chunks: chunks(), mayLackEnd: () => sinceStill < BUFFERED }
}

/**
 * Makes the queue between the loop that reads chunks and the loop that hands them on. Each loop can wait for a condition on the bytes that are
 * held; a chunk counts until `taken` is called for it.
 */
function createHeld() {
  const chunks: Buffer[] = []
  const waiting = new Set<() => void>()
  let length = 0
  let closed = false

  function wake(): void {
    for (const look of [...waiting]) look()
  }

  return {
    wake,
    isClosed: () => closed,
    length: () => length,
    put(chunk: Buffer): void {
      chunks.push(chunk)
      length += chunk.length
      wake()
    },
    first: () => chunks.shift(),
    /** Counts a chunk out once it is done with. */
    taken(bytes: number): void {
      length -= bytes
      wake()
    },
    close(): void {
      closed = true
      wake()
    },
    /** Resolves when the condition holds for the length, or at the close. It is looked at after each change, and at `due`. */
    until(holds: (length: number) => boolean, due = 0): Promise<void> {
      if (closed || holds(length)) return Promise.resolve()
      return new Promise((resolve) => {
        let timer: NodeJS.Timeout | undefined
        const look = () => {
          if (!closed && !holds(length)) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        if (due > 0) timer = setTimeout(look, Math.max(1, Math.ceil(due - performance.now()) + 1))
      })
    },
  }
}
