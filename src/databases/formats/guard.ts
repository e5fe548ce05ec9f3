/** Makes a check safe to use: whatever it throws means that the dump is not whole, and the dump goes on to its end. */

import type { DumpCheck } from '../engineContract.ts'

const NOTHING = Buffer.alloc(0)

/**
 * A check reads bytes that nobody vouches for, so it may meet anything. Once it has thrown, the bytes are passed on as they
 * come: the tool's own failure, which is the better reason, can still be heard.
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
