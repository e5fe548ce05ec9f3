/** What a cause does to an instance: the status table of the design as one function. Pure. */
import type { InstanceStatus } from '../outcome.ts'

export interface Causes {
  readonly targets: readonly { readonly status: 'staged' | 'failed' }[]
  /** Why the instance itself failed: its image, its lock, its backup's end, its deadline, an application that stays down; `null` where none did. */
  readonly failure: string | null
  readonly cancelled: boolean
}

/**
 * Cancelled is cancelled, unless it failed before. A failure of the instance is `failed`. A failed target is `partial` where the
 * image ran well with the rest, and `failed` where none is left.
 */
export function instanceStatus(causes: Causes): InstanceStatus {
  if (causes.failure !== null) return 'failed'
  if (causes.cancelled) return 'cancelled'
  const failed = causes.targets.filter((target) => target.status === 'failed').length
  if (failed === 0) return 'success'
  return failed === causes.targets.length ? 'failed' : 'partial'
}
