/** Adds up the time that a drill spends with restoring: the image's own, and that of the loads. What it looks at in between does not count. */
export interface RestoreClock {
  /** Does `work`, and counts its time. */
  during<T>(work: () => Promise<T>): Promise<T>
  /** Returns the time so far, ms. */
  spentMs(): number
}

export function restoreClock(): RestoreClock {
  let spent = 0
  return {
    async during(work) {
      const began = Date.now()
      try {
        return await work()
      } finally {
        spent += Date.now() - began
      }
    },
    spentMs: () => spent,
  }
}
