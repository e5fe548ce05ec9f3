/** Writes to standard output with back-pressure. `process.stdout` on a pipe is asynchronous and would keep everything in memory. */

/** Number of characters from which a batch is written without waiting for more. */
const BATCH_CHARACTERS = 64 * 1024
const NOTHING = Buffer.alloc(0)

export interface StdoutWriter {
  /**
   * Writes text in the next turn of the event loop, together with what follows until then, or at once if it is much. Resolves when more may
   * come.
   */
  batch(text: string): Promise<void>
  /** Writes text now, after all that was batched. Resolves when more may come. */
  now(text: string): Promise<void>
  /** Writes bytes now, after all that was batched. Resolves when their memory can be used again: the system has them, or the reader has gone. */
  bytes(bytes: Buffer): Promise<void>
  /** Writes all that was batched. Resolves when the system has everything, or when the reader has gone. */
  flush(): Promise<void>
}

/** Makes the writer. After an error of the stream (EPIPE: its reader went away) every write does nothing: a backup goes on without a console. */
export function createStdoutWriter(stream: NodeJS.WritableStream): StdoutWriter {
  const resolved = Promise.resolve()
  let batched: string[] = []
  let batchedCharacters = 0
  let scheduled = false
  let gone = false
  let room: Promise<void> | null = null // pending while the stream has asked to wait
  let makeRoom = () => {}

  const onRoom = () => {
    makeRoom()
    room = null
  }
  const onGone = () => {
    gone = true
    onRoom()
  }
  stream.on('drain', onRoom)
  stream.on('error', onGone)
  stream.on('close', onGone)

  function send(): void {
    const text = batched.join('')
    batched = []
    batchedCharacters = 0
    if (gone || text === '') return
    if (!stream.write(text) && room === null) {
      room = new Promise((resolve) => {
        makeRoom = resolve
      })
    }
  }

  function bytes(data: Buffer): Promise<void> {
    send()
    if (gone) return resolved
    return new Promise((resolve) => {
      const done = () => {
        stream.removeListener('close', done)
        resolve()
      }
      stream.once('close', done) // a destroyed stream need not call back
      stream.write(data, done)
    })
  }

  function add(text: string): void {
    batched.push(text)
    batchedCharacters += text.length
  }

  return {
    batch(text) {
      add(text)
      if (batchedCharacters >= BATCH_CHARACTERS) send()
      else if (!scheduled) {
        scheduled = true
        setImmediate(() => {
          scheduled = false
          send()
        })
      }
      return room ?? resolved
    },
    now(text) {
      add(text)
      send()
      return room ?? resolved
    },
    bytes,
    flush: () => bytes(NOTHING),
  }
}
