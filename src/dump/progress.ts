/** Shows people how far a dump is. */

const PROGRESS_MS = 30_000

/**
 * Begins to write a line about the file `name` every 30 s, also while no byte comes (the tool may wait for a lock). `add` counts bytes that
 * have come. `end` stops it, and throws what `onLine` threw.
 */
export function beginProgress(name: string, onLine: (line: string) => Promise<void>) {
  const begun = Date.now()
  let bytes = 0
  let said: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    said = said.then(() => onLine(progressLine(name, bytes, (Date.now() - begun) / 1000)))
    said.catch(() => {}) // thrown on by end()
  }, PROGRESS_MS)
  return {
    add: (count: number) => {
      bytes += count
    },
    end: async () => {
      clearInterval(timer)
      await said
    },
  }
}

function progressLine(name: string, bytes: number, seconds: number): string {
  const mb = bytes / 1e6
  return `${name}: ${mb.toFixed(1)} MB after ${Math.round(seconds)} s (${(mb / seconds).toFixed(1)} MB/s)`
}
