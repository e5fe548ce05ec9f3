/** Makes a check safe: after an exception in it the dump counts as incomplete, and still runs to its end. */

import type { DumpCheck } from '../engineContract.ts'

const NOTHING = Buffer.alloc(0)

/**
 * Wraps a check, because it reads bytes from outside and may meet anything. After an exception the bytes are passed on unchanged, so that
 * the tool's own failure, which explains more, can still be reported.
 */
export function guarded(check: DumpCheck): DumpCheck {
  let damage: string | null = null
  const broke = (error: unknown) => {
    damage ??= `it cannot be read as the dump that it should be (${error instanceof Error ? error.message : error})`
  }
  return {
    async pass(chunk) {
      if (damage !== null) return chunk
      try {
        return await check.pass(chunk)
      } catch (error) {
        broke(error)
        return chunk
      }
    },
    async end() {
      if (damage !== null) return { rest: NOTHING, missing: damage }
      try {
        return await check.end()
      } catch (error) {
        broke(error)
        return { rest: NOTHING, missing: damage }
      }
    },
  }
}
