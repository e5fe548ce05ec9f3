/** The one signal that an instance's steps obey, and why it fired. */

export interface Stop {
  readonly signal: AbortSignal
  /** Starts the clock, ms. Once: later calls change nothing. */
  arm(timeoutMs: number): void
  /** One more thing that ends the instance, with the sentence that says so. */
  also(signal: AbortSignal, sentence: string): void
  /** What is under way, in words that go on after “while”: the sentence of a deadline that passes meanwhile names it. */
  during<T>(what: string, work: () => Promise<T>): Promise<T>
  /** `cancelled`, a sentence, or `null` where nothing fired. */
  reason(): { readonly kind: 'cancelled' } | { readonly kind: 'failed'; readonly sentence: string } | null
  disarm(): void
}

export function openStop(cancel: AbortSignal): Stop {
  const own = new AbortController()
  let sentence: string | null = null
  let timer: NodeJS.Timeout | undefined
  let doing: string | null = null
  const end = (why: string) => {
    sentence ??= why
    own.abort()
  }
  return {
    signal: AbortSignal.any([cancel, own.signal]),
    arm(timeoutMs) {
      if (timer !== undefined) return
      // a timer holds at most 24 days; nobody's backup does
      timer = setTimeout(
        () => {
          const meanwhile = doing === null ? '' : ` while ${doing}`
          end(`it did not end within ${inWords(timeoutMs)} and was stopped${meanwhile}: see its log, or raise timeout`)
        },
        Math.min(timeoutMs, 2 ** 31 - 1),
      )
    },
    also(signal, why) {
      if (signal.aborted) end(why)
      else signal.addEventListener('abort', () => end(why), { once: true })
    },
    async during(what, work) {
      doing = what
      try {
        return await work()
      } finally {
        doing = null
      }
    },
    reason() {
      if (sentence !== null) return { kind: 'failed', sentence }
      return cancel.aborted ? { kind: 'cancelled' } : null
    },
    disarm: () => clearTimeout(timer),
  }
}

function inWords(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds % 3600 === 0 && seconds > 0) return `${seconds / 3600} h`
  if (seconds % 60 === 0 && seconds > 0) return `${seconds / 60} min`
  return `${seconds} s`
}
