/** Makes the one signal that all steps of an instance obey, and knows why it fired: a cancel, the deadline, or the helper's death. */

import { limit } from '../format.ts'

export interface InstanceAbort {
  readonly signal: AbortSignal
  /** Sets the deadline, `timeoutMs` from now. Only the first call counts. */
  arm(timeoutMs: number): void
  /** The deadline, ms since 1970; `Infinity` before `arm`. */
  readonly until: number
  /** Ends the instance also when `signal` fires; `sentence` is then the reason. */
  also(signal: AbortSignal, sentence: string): void
  /** Does `work`. If the deadline passes meanwhile, its sentence names `what`, in words that follow "while". */
  during<T>(what: string, work: () => Promise<T>): Promise<T>
  /** Says why the signal fired; `null` if it did not. */
  reason(): AbortReason | null
  disarm(): void
}

export type AbortReason = { readonly kind: 'cancelled' } | { readonly kind: 'failed'; readonly sentence: string }

/** Makes the signal of one instance. `cancel` is the run's own signal. */
export function openAbort(cancel: AbortSignal): InstanceAbort {
  const own = new AbortController()
  let sentence: string | null = null
  let timer: NodeJS.Timeout | undefined
  let doing: string | null = null
  let until = Number.POSITIVE_INFINITY
  const end = (why: string) => {
    sentence ??= why
    own.abort()
  }
  return {
    signal: AbortSignal.any([cancel, own.signal]),
    arm(timeoutMs) {
      if (timer !== undefined) return
      until = Date.now() + timeoutMs
      // a timer holds at most 24 days; nobody's backup does
      timer = setTimeout(
        () => {
          const meanwhile = doing === null ? '' : ` while ${doing}`
          end(`it did not end within ${limit(timeoutMs)} and was stopped${meanwhile}: see its log, or raise timeout`)
        },
        Math.min(timeoutMs, 2 ** 31 - 1),
      )
    },
    get until() {
      return until
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
